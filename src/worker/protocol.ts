/**
 * The messages between a supervisor (main thread) and an executor (Web Worker). Only structured
 * clones cross: an executor never sees the store, a supervisor never sees a subprocess.
 *
 * @module
 */

import type { LeaseEnd } from "./lease.ts";

/** A process, told apart from a later one with the same pid by its start time. */
export interface ProcessRef {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of `/proc/PID/stat`; as text, since it is only compared. */
  readonly startTime: string;
}

/** One run of a job's command, all that an executor needs to know. */
export interface AttemptStart {
  /** The index of the slot, unique within the worker. */
  readonly slot: number;
  /** The slot's launcher as the store has it: no other one may run this. */
  readonly launcher: ProcessRef;
  /** Fences every write about this attempt; names its spool files; marks its processes. */
  readonly token: string;
  /** Shell text, run by `/bin/sh -c -- COMMAND`. */
  readonly command: string;
  /** An absolute directory, or null for the worker's own. */
  readonly cwd: string | null;
  /** What is added to the worker's environment, the `QUEUECTL_*` variables among it. */
  readonly env: Readonly<Record<string, string>>;
  /** What the command finds on its standard input; null is nothing. */
  readonly stdin: string | null;
  /** Milliseconds, by the executor's monotonic clock, after which the tree is ended; null: never. */
  readonly timeout: number | null;
  /** From the SIGTERM of a timeout to its SIGKILL, milliseconds. */
  readonly killGrace: number;
  /** At most so many bytes of output are kept, both streams together. */
  readonly maxOutput: number;
}

/** Which stream of the command wrote. */
export type Stream = "stdout" | "stderr";

/** A piece of an attempt's output. */
export interface OutputChunk {
  readonly token: string;
  /** The position of its first byte in the attempt's output, both streams taken together. */
  readonly seq: number;
  readonly stream: Stream;
  /** When it was read, milliseconds since the epoch; the write was at most 400 ms before. */
  readonly time: number;
  readonly bytes: Uint8Array;
  /** Set on the chunk after a gap: how many bytes, at least, are missing before it. */
  readonly missing: number;
  /** The chunks of this attempt with a `seq` in [from, to) are no longer kept. */
  readonly dropped: { readonly from: number; readonly to: number } | null;
}

/** Why somebody asks for the end of an attempt. */
export type RequestedEnd = "cancel" | "hand_back";

/** Why an executor ends an attempt. */
export type Ending =
  | { readonly reason: RequestedEnd }
  /** It ran for longer than `timeout`, milliseconds. */
  | { readonly reason: "timeout"; readonly timeout: number };

/** How a command ended, as the launcher saw it. */
export type AttemptResult =
  /** The command ran; 128 + n if signal n ended it. */
  | { readonly kind: "exit"; readonly code: number }
  /** It was never started, by the job's own fault: its directory is not there. The sentence says why. */
  | { readonly kind: "not_started"; readonly error: string }
  /** It was never started, and not by its fault: the launcher was gone, the spool cannot be used. */
  | { readonly kind: "not_begun"; readonly error: string }
  /** It waited in the line of its slot, and was not to wait any longer. */
  | { readonly kind: "unclaimed" }
  /** The launcher died by other hands than ours: nothing is known of the command's end. */
  | { readonly kind: "launcher_died" };

/** What a supervisor tells an executor. */
export type ToExecutor =
  /** First message, and later ones: make these slots, each with its launcher; each is `slot_ready`. */
  | {
    readonly type: "open";
    readonly slots: readonly number[];
    /** The absolute directory for spool files; it exists, mode 0700. */
    readonly spool: string;
  }
  /**
   * Outcomes of these tokens are stored (spool files may go), and these attempts begin: at once in a free
   * slot, else when those before them in the line of their slot have ended. Whoever has waited there for
   * 100 ms is `unclaimed`, so that no job waits behind a long one.
   */
  | {
    readonly type: "work";
    readonly settled: readonly string[];
    readonly start: readonly AttemptStart[];
  }
  /**
   * End the attempt's whole tree: SIGTERM, after `grace` milliseconds SIGKILL. 0: SIGKILL now. Of
   * several, the shortest grace counts.
   */
  | {
    readonly type: "end";
    readonly token: string;
    readonly grace: number;
    readonly reason: RequestedEnd;
  }
  /**
   * From this moment on, unless it is put off, nothing begins any more and all that runs is handed back, with
   * SIGKILL: the store may give it to others. Without this message there is no such moment.
   */
  | { readonly type: "lease"; readonly end: LeaseEnd }
  /** Whoever waits in the lines of these slots is `unclaimed`. */
  | { readonly type: "clear_lines"; readonly slots: readonly number[] }
  /** Let the launchers of these slots go: they run nothing, and will not be used again. */
  | { readonly type: "close_slots"; readonly slots: readonly number[] }
  /**
   * Let the launchers go and terminate; no attempt runs any more. The files stay if the store has not
   * heard of the last ends: a rescuer needs them.
   */
  | { readonly type: "close"; readonly keepFiles: boolean };

/** What an executor tells its supervisor. */
export type FromExecutor =
  | { readonly type: "slot_ready"; readonly slot: number; readonly launcher: ProcessRef }
  /** The slot's launcher has died: until the next `slot_ready` it can take nothing. */
  | { readonly type: "slot_gone"; readonly slot: number; readonly launcher: ProcessRef }
  /** A launcher cannot be started in the place of one that died; it is tried again, less and less often. */
  | { readonly type: "slot_failed"; readonly slot: number; readonly error: string }
  /** What commands that run for more than 200 ms have written since the last look. */
  | { readonly type: "output"; readonly chunks: readonly OutputChunk[] }
  /** The lease is over: what runs is being ended. Once for each lease. */
  | { readonly type: "lease_over" }
  /** Attempts that have ended, in that order. */
  | { readonly type: "ended"; readonly reports: readonly AttemptReport[] }
  /** The launchers are gone. The last message. */
  | { readonly type: "closed" }
  /** The executor cannot go on; the supervisor treats its slots as gone. */
  | { readonly type: "failed"; readonly error: string };

/** The end of an attempt, as an executor reports it. */
export interface AttemptReport {
  readonly slot: number;
  readonly token: string;
  readonly result: AttemptResult;
  /**
   * Why the executor ended the command, the first reason if there were several. Null: it did not, or
   * the command had ended by itself before any signal.
   */
  readonly ending: Ending | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  /** The rest of the output. */
  readonly chunks: readonly OutputChunk[];
  /** All bytes that the command is known to have written, kept or not. */
  readonly outputBytes: number;
}
