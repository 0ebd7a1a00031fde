/**
 * Somebody who cleans up behind the demo if it cannot do so itself, such as after a SIGKILL.
 *
 * @module
 */

import { startGuardShell } from "../../worker/guard_shell.ts";

/**
 * Reads what the demo has to say: `over`, or nothing because it has died. Then it ends, several times
 * since new processes may come, all that carry the mark, and removes the directory. The arguments: the
 * mark as `NAME=value`, and the directory, or nothing if it is to stay.
 */
const SCRIPT = `
read -r word
[ "$word" = over ] && exit
for pass in 1 2 3 4 5; do
  for file in $(grep -lsxzF -- "$1" /proc/[0-9]*/environ); do
    pid=\${file#/proc/}
    kill -9 "\${pid%/environ}"
  done
  sleep 0.1
done
[ -z "$2" ] || rm -rf -- "$2"
`;

/** What is to go. */
export interface Guarded {
  /** A variable, `NAME=value`, that stands in the environment of all processes that are to end. */
  readonly mark: string;
  /** What is to be removed; null if nothing is. */
  readonly directory: string | null;
}

/** A shell of its own session that watches over the demo until it is disposed of. */
export class Guard implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  constructor({ mark, directory }: Guarded) {
    this.#process = startGuardShell(SCRIPT, "queuectl-demo-guard", mark, directory ?? "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode("over\n"));
      await writer.close();
    } catch {
      // Somebody has ended it.
    }
    await this.#process.status;
  }
}
