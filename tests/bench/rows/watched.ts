/**
 * Whether workers are slower while people look at the dashboard.
 *
 * @module
 */

import { EventParser } from "../../../src/web/page/event_stream.ts";
import { spawnQueuectl } from "../../helpers/cli.ts";
import { start } from "../../helpers/program.ts";
import { run } from "../../toolchain/command.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { type Command, expectJobs, time } from "../processes.ts";

const JOBS = 5000;
const SLOTS = 4;
const PAGES = 10;
/** A page asks for the same list again at most so often, milliseconds (`PACE` of the page). */
const PACE = 1000;
/** What the list of jobs asks for. */
const LIST = "/api/jobs?limit=100";

/** As slow as this beside pages that are open, compared with none, is not slower. */
const AS_FAST = 0.95;

/** What a page with the list of jobs asks, without a browser: that would be measured too. */
class OpenPage implements AsyncDisposable {
  readonly #url: string;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #changed = Promise.withResolvers<void>();
  /** How many answers it got. */
  answers = 0;

  constructor(url: string) {
    this.#url = url;
    this.#ended = Promise.allSettled([this.#listen(), this.#follow()]).then(() => {});
  }

  async #listen(): Promise<void> {
    const { body } = await fetch(`${this.#url}/api/events`, { signal: this.#stop.signal });
    const parser = new EventParser();
    const decoder = new TextDecoder();
    const reader = body!.getReader();
    this.#stop.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}));
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      for (const { event } of parser.push(decoder.decode(read.value, { stream: true }))) {
        if (event === "changed") this.#changed.resolve();
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
      await (await fetch(this.#url + LIST, { signal })).arrayBuffer();
      this.answers++;
      await new Promise((resolve) => setTimeout(resolve, PACE));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#changed.resolve();
    await this.#ended;
  }
}

function contestant(
  pages: number,
  { command, folder }: { readonly command: Command; readonly folder: string },
): Contestant {
  return {
    name: pages === 0 ? "nobody looks" : `${pages} pages are open`,
    async run() {
      const db = `${await Deno.makeTempDir({ dir: folder })}/queue.db`;
      await run([...command, "--db", db, "enqueue", "--file", `${folder}/jobs.ndjson`]);
      await using watching = await watch(db, pages);
      const args = ["worker", "start", "--count", `${SLOTS}`, "--drain"];
      const milliseconds = await time([...command, "--db", db, ...args]);
      watching.check();
      await expectJobs(command, { db, state: "completed", count: JOBS });
      return JOBS / milliseconds * 1000;
    },
  };
}

interface Watching extends AsyncDisposable {
  /** Fails if somebody who looked saw nothing. */
  check(): void;
}

async function watch(db: string, count: number): Promise<Watching> {
  await using stack = new AsyncDisposableStack();
  const pages: OpenPage[] = [];
  if (count > 0) {
    const program = await spawnQueuectl(["--db", db, "dashboard", "--port", "0", "--json"]);
    const dashboard = stack.use(program);
    const { url } = JSON.parse(await dashboard.line('"url"'));
    for (let page = 0; page < count; page++) {
      pages.push(stack.use(new OpenPage(url.replace(/\/$/, ""))));
    }
    // From source it makes the script of the page first.
    await (await fetch(`${url}page.js`)).arrayBuffer();
  }
  const owned = stack.move();
  return {
    check() {
      if (pages.some(({ answers }) => answers < 2)) throw new Error("A page saw no changes");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Durable jobs per second, whole processes, with a dashboard and without. */
export const watched: Benchmark = {
  name: "watched",
  title:
    `Running \`true\` as a job, ${SLOTS} at a time, while ${PAGES} pages of the dashboard are open`,
  unit: "jobs/s",
  targets: [{ of: `${PAGES} pages are open`, against: "nobody looks", atLeast: AS_FAST }],
  async prepare(folder) {
    const { command } = await start("source");
    await Deno.writeTextFile(`${folder}/jobs.ndjson`, '{"command":"true"}\n'.repeat(JOBS));
    return [0, PAGES].map((pages) => contestant(pages, { command, folder }));
  },
};
