/**
 * One attempt in the hands of its executor, from its files to its report.
 *
 * @module
 */

import { Alarm } from "./alarm.ts";
import { noteEnding } from "./ending.ts";
import { isExhausted } from "./host.ts";
import type { Launcher } from "./launcher.ts";
import { type EndControl, endTree, type TreeQuery, wakeLaunchers } from "./process_tree.ts";
import type {
  AttemptReport,
  AttemptResult,
  AttemptStart,
  Ending,
  OutputChunk,
} from "./protocol.ts";
import { type SpoolPaths, spoolPaths, SpoolReader, writeInput } from "./spool.ts";

/** Where an executor works. */
export interface Place {
  /** The absolute directory for spool files. */
  readonly spool: string;
  /** Where a command runs that has no directory of its own. */
  readonly cwd: string;
}

/** An attempt that runs. */
export class AttemptRun {
  /** By the monotonic clock, milliseconds. */
  readonly begunAt = performance.now();
  readonly #ended = Promise.withResolvers<AttemptReport>();
  readonly #startedAt = Date.now();
  readonly #slot: number;
  readonly #token: string;
  readonly #spool: string;
  readonly #tree: TreeQuery;
  readonly #hasInput: boolean;
  #output: SpoolReader | null = null;
  #isOver = false;
  #end:
    | { readonly ending: Ending; readonly control: EndControl; readonly done: Promise<void> }
    | null = null;

  /** Starts it. */
  constructor(start: AttemptStart, launcher: Launcher, place: Place) {
    this.#slot = start.slot;
    this.#token = start.token;
    this.#spool = place.spool;
    this.#tree = { tokens: [start.token], launchers: [launcher.ref] };
    this.#hasInput = start.stdin !== null;
    this.#run(start, launcher, place.cwd).then(this.#ended.resolve, this.#ended.reject);
  }

  /** Resolves when all of it has ended; rejects if its executor cannot go on. */
  get ended(): Promise<AttemptReport> {
    return this.#ended.promise;
  }

  /** Whether it may have more spool files than those of its output. */
  get hasMoreFiles(): boolean {
    return this.#hasInput || this.#end !== null;
  }

  /** What it has written since the last look. */
  look(): readonly OutputChunk[] {
    return this.#output?.look() ?? [];
  }

  /** Lets its launcher go on if the command has stopped it, or nobody would hear of the command's end. */
  wake(): void {
    try {
      wakeLaunchers(this.#tree);
    } catch (error) {
      if (!isExhausted(error)) throw error;
    }
  }

  /**
   * Ends the whole tree: SIGTERM, after `grace` milliseconds SIGKILL. Of several calls the first says
   * why, and the shortest grace counts. It means nothing after the end.
   */
  end(ending: Ending, grace: number): void {
    const killAt = performance.now() + grace;
    if (this.#end !== null) {
      const { control } = this.#end;
      control.killAt = Math.min(control.killAt, killAt);
      return;
    }
    if (this.#isOver) return;
    noteEnding(this.#spool, this.#token, ending);
    const control: EndControl = { killAt, isOver: () => this.#isOver };
    const done = endTree(this.#tree, control);
    done.catch(this.#ended.reject);
    this.#end = { ending, control, done };
  }

  async #run(start: AttemptStart, launcher: Launcher, cwd: string): Promise<AttemptReport> {
    const { token, command, env, timeout, killGrace } = start;
    const { pid, startTime } = launcher.ref;
    if (pid !== start.launcher.pid || startTime !== start.launcher.startTime) {
      // Replaced since the claim: a rescuer would look for this attempt where it is not.
      return this.#report({ kind: "not_begun", error: "The slot's launcher was replaced" }, null);
    }
    const paths = spoolPaths(this.#spool, token);
    try {
      this.#output = createFiles(this.#spool, paths, start);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#report({
        kind: "not_begun",
        error: `The files for the command's input and output cannot be made: ${reason}`,
      }, null);
    }
    using _files = this.#output;
    const running = launcher.run({
      ...{ token, command, env, paths },
      cwd: start.cwd ?? cwd,
      hasInput: this.#hasInput,
    });
    using _alarm = timeout === null
      ? null
      : new Alarm(timeout, () => this.end({ reason: "timeout", timeout }, killGrace));
    const result = await running;
    return this.#report(result, await this.#clear(result, launcher.hasEnded));
  }

  /** After the command: sees to the rest of the tree, and says whether the end was ours. */
  async #clear(result: AttemptResult, isAlone: boolean): Promise<Ending | null> {
    this.#isOver = true;
    const hasDied = result.kind === "launcher_died";
    if (this.#end === null) {
      // What the launcher started may live on. Nothing else may run in the attempt's stead before.
      if (hasDied) await endTree(this.#tree, { killAt: 0 });
      // By what it says none has begun, so what is in its session is of earlier jobs.
      else if (isAlone && result.kind === "not_begun") {
        await endTree({ ...this.#tree, launchers: [] }, { killAt: 0 });
      }
      return null;
    }
    const { ending, control, done } = this.#end;
    const isOurs = control.signalled ?? false;
    // A command that has ended by itself may leave processes behind.
    if (!isOurs && !hasDied) control.abandoned = true;
    await done;
    return isOurs ? ending : null;
  }

  #report(result: AttemptResult, ending: Ending | null): AttemptReport {
    return {
      slot: this.#slot,
      token: this.#token,
      ...{ result, ending },
      startedAt: this.#startedAt,
      finishedAt: Date.now(),
      chunks: this.#output?.finish() ?? [],
      outputBytes: this.#output?.outputBytes ?? 0,
    };
  }
}

function createFiles(spool: string, paths: SpoolPaths, start: AttemptStart): SpoolReader {
  try {
    return tryCreateFiles(paths, start);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    makeSpool(spool);
    return tryCreateFiles(paths, start);
  }
}

function tryCreateFiles(paths: SpoolPaths, { token, stdin, maxOutput }: AttemptStart): SpoolReader {
  if (stdin !== null) writeInput(paths, stdin);
  return SpoolReader.create(paths, token, maxOutput);
}

/** Makes the directory for spool files: somebody may have removed it since the worker began. */
export function makeSpool(spool: string): void {
  Deno.mkdirSync(spool, { recursive: true, mode: 0o700 });
}
