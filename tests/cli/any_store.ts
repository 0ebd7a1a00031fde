/**
 * The command line in this process, on whatever store `--db` names.
 *
 * @module
 */

import { APP } from "../../src/cli/app.ts";
import { run } from "../../src/cli/run.ts";
import { openStore } from "../../src/store/open.ts";
import { FakeSink } from "./fake_system.ts";

/** What a command left behind. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `queuectl ARGS`; its home directory is also that in which it runs. */
export async function queuectl(
  home: string,
  args: readonly string[],
  stdin = "",
): Promise<Said> {
  const [stdout, stderr] = [new FakeSink(), new FakeSink()];
  const env: Readonly<Record<string, string>> = { HOME: home, XDG_DATA_HOME: `${home}/data` };
  const code = await run(args, {
    stdout,
    stderr,
    stdin: { isTerminal: stdin === "", readable: new Blob([stdin]).stream() },
    uncaught: new Promise(() => {}),
    now: () => Date.now(),
    env: (name) => env[name],
    cwd: () => home,
    openStore,
  }, APP);
  return { code, stdout: stdout.text, stderr: stderr.text };
}
