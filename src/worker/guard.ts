/**
 * Somebody who ends a worker's jobs in its stead, if it dies: where machines share a store, another one takes them
 * over when the lease is up, and cannot end them from there. Workers of the same machine are mostly faster; then there
 * is nothing left to do.
 *
 * @module
 */

import { sinceBoot } from "./boot_clock.ts";
import { startGuardShell } from "./guard_shell.ts";
import { TOKEN_VARIABLE } from "./host.ts";
import type { LeaseEnd } from "./lease.ts";
import type { ProcessRef } from "./protocol.ts";

/** By this name its process can be found. */
export const GUARD_NAME = "queuectl-guard";

/**
 * Reads what the worker has to say, until that ends or says `over`. Then it waits for the end of the lease, or of
 * all launchers, each of which goes after its command. A launcher has one child, the command; all that carry the token of
 * that one are ended with it, several times, since new ones may come.
 *
 * What stands after the name in `/proc/PID/stat` is its state and so on; the 20th of them is its start time.
 */
const SCRIPT = `
end=0 all=
while read -r word rest; do
  case $word in
    until) end=$rest ;;
    launchers) all=$rest ;;
    over) exit 0 ;;
  esac
done
living() {
  alive=
  for ref in $all; do
    pid=\${ref%:*}
    { read -r line < "/proc/$pid/stat"; } 2> /dev/null || continue
    set -- \${line##*) }
    [ "\${20}" = "\${ref#*:}" ] && [ "$1" != Z ] && alive="$alive $pid"
  done
}
while living; [ -n "$alive" ]; do
  read -r now idle < /proc/uptime
  [ "\${now%.*}" -lt "$end" ] || break
  sleep 0.5
done
tokens=
for pid in $alive; do
  commands=$(sed -n "s/^\\([0-9]*\\) (.*) [A-Z] $pid .*/\\1/p" /proc/[0-9]*/stat)
  for command in $commands; do
    token=$(tr '\\0' '\\n' < "/proc/$command/environ" | sed -n 's/^${TOKEN_VARIABLE}=//p' | head -n 1)
    tokens="$tokens $token"
  done
  kill -9 $pid $commands
done
for look in 1 2 3 4 5 6 7 8 9 10; do
  for token in $tokens; do
    for file in $(grep -lsxzF -- "${TOKEN_VARIABLE}=$token" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      kill -9 "\${pid%/environ}"
    done
  done
  sleep 0.1
done
`;

/** A shell of a session of its own, which watches over a worker until it is disposed of. */
export class Guard implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #launchers = "";

  private constructor() {
    this.#process = startGuardShell(SCRIPT, GUARD_NAME);
    this.#process.unref();
    this.#stdin = this.#process.stdin.getWriter();
  }

  /** Starts one; null where that is not possible: it is help in need, and workers can do without. */
  static start(): Guard | null {
    if (sinceBoot() === null) return null;
    try {
      return new Guard();
    } catch {
      return null;
    }
  }

  /** Until then jobs may run without the worker. */
  renew({ sinceBoot }: LeaseEnd): void {
    if (sinceBoot !== null) this.#say(`until ${Math.floor(sinceBoot / 1000)}`);
  }

  /** These start the commands from now on. */
  watch(launchers: readonly ProcessRef[]): void {
    const refs = launchers.map(({ pid, startTime }) => `${pid}:${startTime}`).join(" ");
    if (refs === this.#launchers) return;
    this.#launchers = refs;
    this.#say(`launchers ${refs}`);
  }

  /** The worker ends in good order. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#say("over");
    await this.#stdin.close().catch(() => {});
    await this.#process.status;
  }

  /** A write fails only if somebody has ended it. */
  #say(line: string): void {
    this.#stdin.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
  }
}
