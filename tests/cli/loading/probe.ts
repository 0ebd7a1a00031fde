/**
 * A command line in a process of its own, as `main.ts` runs it, which then says what it has loaded.
 *
 * Usage: `probe.ts FILE [ARG…]`; the modules go into FILE, one a line. Without arguments nothing is run:
 * what is listed then, every program of Deno loads.
 *
 * @module
 */

const [file = "", ...args] = Deno.args;
let code = 0;
if (args.length > 0) {
  const [{ run }, { DENO }] = await Promise.all([
    import("../../../src/cli/run.ts"),
    import("../../../src/cli/system.ts"),
  ]);
  code = await run(args, DENO);
}

// Loaded only now. It tells of each script that is there, those of Deno itself too.
const { Session } = await import("node:inspector");
const session = new Session();
const urls: string[] = [];
session.connect();
session.on("Debugger.scriptParsed", ({ params }) => urls.push(params.url));
await new Promise((resolve) => session.post("Debugger.enable", resolve));
Deno.writeTextFileSync(file, urls.map((url) => `${url}\n`).join(""));
Deno.exit(code);
