/**
 * Processes that open a store.
 *
 * @module
 */

/** The program of this release makes a store, that of the future updates one. */
export type OpenerMode = "make" | "update" | "slow";

/** Starts a process of `opener.ts`, with the Deno and the packages of the tests. */
function startOpener(mode: OpenerMode, path: string, id: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-check", "--allow-all"],
      ...["--config", new URL("../../deno.json", import.meta.url).pathname],
      ...[new URL("opener.ts", import.meta.url).pathname, mode, path, id],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Starts a process that updates a store so slowly that it can be killed in the middle. */
export async function startUpgrade(path: string): Promise<Deno.ChildProcess> {
  const child = startOpener("slow", path, "never");
  await child.stdin.close();
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  return child;
}

/** What processes that opened a store at the same moment came to. */
export interface Opened {
  /** The ids of the jobs that the store has accepted. */
  readonly stored: readonly string[];
  readonly killed: number;
  /** What those said that failed by themselves. */
  readonly failures: readonly string[];
}

/** How to open a store at the same moment. */
export interface OpenAtOnceOptions {
  readonly processes: number;
  /** `mixed`: each other process is of the program of the future. */
  readonly mode: OpenerMode | "mixed";
  /** When the n-th process is killed, milliseconds from the moment on; null: never. */
  readonly killAfter?: (index: number) => number | null;
}

/** Lets processes open a store at the same moment, and enqueue a job each: `opener-0`, `opener-1`, … */
export async function openAtOnce(
  path: string,
  { processes, mode, killAfter = () => null }: OpenAtOnceOptions,
): Promise<Opened> {
  const ids = Array.from({ length: processes }, (_, index) => `opener-${index}`);
  const modes = ids.map((_, index) => mode !== "mixed" ? mode : index % 2 ? "update" : "make");
  const children = ids.map((id, index) => startOpener(modes[index]!, path, id));
  const readers = children.map(({ stdout }) => stdout.getReader());
  // Each says that it is ready.
  await Promise.all(readers.map((reader) => reader.read()));
  const ends = children.map(async (child, index) => {
    const said = readers[index]!.read().then(({ done }) => !done);
    const [stderr, { success, signal }, isStored] = await Promise.all([
      new Response(child.stderr).text(),
      child.status,
      said,
    ]);
    await readers[index]!.cancel();
    return { success, isKilled: signal === "SIGKILL", stderr, isStored };
  });
  for (const child of children) child.stdin.close().catch(() => {});
  const kills = children.flatMap((child, index) => {
    const after = killAfter(index);
    return after === null ? [] : [setTimeout(() => kill(child), after)];
  });
  const ended = await Promise.all(ends);
  for (const timer of kills) clearTimeout(timer);
  return {
    stored: ids.filter((_, index) => ended[index]!.isStored),
    killed: ended.filter(({ isKilled }) => isKilled).length,
    failures: ended.filter(({ success, isKilled }) => !success && !isKilled)
      .map(({ stderr }) => stderr),
  };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}
