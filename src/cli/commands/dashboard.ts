/**
 * `queuectl dashboard`
 *
 * @module
 */

import { escapeText } from "../../escape.ts";
import { importLater } from "../../lazy.ts";
import { readOrigin } from "../../web/hosts.ts";
import { defineCommand } from "../command.ts";
import { readToken, TOKEN_VARIABLE, tokenOfEnvironment } from "../dashboard_token.ts";
import * as flag from "../flags.ts";
import { Interruption } from "../interruption.ts";
import { openBrowser } from "../open_browser.ts";

/** A lock is waited for so long, milliseconds: somebody looks at the page. */
const PATIENCE = 3000;

/** What nobody needs who asks for the help, or completes a word. */
const later = {
  log: () => importLater<typeof import("../../web/app_log.ts")>("web/app_log"),
  reopening: () => importLater<typeof import("../../web/reopening.ts")>("web/reopening"),
  server: () => importLater<typeof import("../../web/server.ts")>("web/server"),
};

/** Serves the dashboard. */
export const command = defineCommand({
  description: [
    "A page that shows the queue live and steers it, a JSON API under /api (/api/openapi.json says what " +
    "it can do), and /metrics, /healthz and /readyz. It runs until Ctrl-C. The address stands on " +
    "standard output.",
    "Whoever can enqueue can run commands. Without a token it listens for this machine alone, and every " +
    "user of it may use it. With a token the page asks for it, and programs send it as " +
    '"Authorization: Bearer TOKEN". --token shows in the list of processes: the variable ' +
    `${TOKEN_VARIABLE} does not.`,
    "From another machine: through ssh -L 8787:127.0.0.1:8787, or with --host and a token, or behind a " +
    "proxy with --origin and a token.",
  ],
  flags: {
    host: flag.value(readHost, {
      summary: "The address to listen on; 0.0.0.0 is all",
      placeholder: "HOST",
      default: "127.0.0.1",
    }),
    port: flag.integer({
      summary: "The port to listen on; 0 is any free one",
      min: 0,
      max: 65_535,
      short: "p",
      placeholder: "PORT",
      default: 8787,
    }),
    token: flag.value(readToken, {
      summary: "The secret that whoever uses it has to know",
      placeholder: "TOKEN",
      defaultText: TOKEN_VARIABLE,
    }),
    readOnly: flag.boolean({ summary: "Show everything and change nothing" }),
    origin: flag.value(readOrigin, {
      summary: "The address of a proxy in front of it, such as https://queue.example.com",
      placeholder: "URL",
    }),
    open: flag.boolean({ summary: "Open it in the browser" }),
  },
  args: {},
  examples: [
    ["queuectl dashboard --open", "Serve it and look at it"],
    ["queuectl dashboard --read-only --port 9000", "Only to look, on another port"],
    ["queuectl dashboard --host 0.0.0.0", `For other machines, with ${TOKEN_VARIABLE} set`],
  ],
  async run(context, { flags }) {
    const { host, port, readOnly, origin = null } = flags;
    const token = flags.token ?? tokenOfEnvironment(context);
    // No program that it starts has to know it, least of all the browser.
    Deno.env.delete(TOKEN_VARIABLE);
    const { cwd, now, stdout, stderr, logLevel: level, logFormat: format } = context;
    const [{ openAppLog }, { reopening }, { requireGuard, serveDashboard }] = await Promise.all([
      later.log(),
      later.reopening(),
      later.server(),
    ]);
    // Before a store is made: a refusal changes nothing.
    requireGuard({ host, token, origin });
    const open = (create: boolean) => context.openStore({ create, patience: PATIENCE });
    // Who begins with the dashboard sees an empty queue, unless it is only to look. Later on, a store that
    // is away may come back.
    await using store = reopening(await open(!readOnly), () => open(false));
    const log = openAppLog({ level, format, write: (text) => void stderr.write(text) });
    using interruption = new Interruption();
    const options = { store, host, port, token, readOnly, origin, cwd, now, log };
    await using server = serveDashboard(options);
    const { url } = server;
    if (context.json) {
      await stdout.jsonLine({
        url,
        host,
        port: server.port,
        pid: Deno.pid,
        store: store.location,
        token_required: token !== null,
        read_only: readOnly,
      });
    } else {
      await stdout.line(url);
      const mode = readOnly ? ", read-only" : "";
      await stderr.line(
        `The dashboard of ${escapeText(store.location)}${mode}. To stop it: Ctrl-C`,
      );
    }
    if (flags.open && !await openBrowser(url)) {
      await stderr.line(`No browser could be opened: open ${url} yourself`);
    }
    await ended(interruption.signal);
  },
});

async function ended(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve());
  if (!signal.aborted) await promise;
}

function readHost(text: string): string {
  if (/^(?:[A-Za-z0-9._-]+|\[?[0-9a-fA-F:.]+\]?)$/.test(text)) return text;
  throw new RangeError("must be a name or an address of this machine, such as 127.0.0.1 or ::1");
}
