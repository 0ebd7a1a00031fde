/**
 * The attempts in a supervisor's hands: those that run, and those whose end the store has yet to hear.
 *
 * @module
 */

import { type Outcome, outcomeOfExit } from "../job/outcome.ts";
import type { AttemptEnd, AttemptRef, Claim } from "../store/tick.ts";
import { outcomeOfEnding } from "./ending.ts";
import type { AttemptReport, OutputChunk } from "./protocol.ts";

/** What is kept of a claim while it runs: its input, up to 16 MiB, is not. */
export type KeptClaim = Omit<Claim, "env" | "stdin">;

interface Running {
  readonly claim: KeptClaim;
  /** Somebody has asked for its end. */
  isEnding: boolean;
}

/** A piece of output on its way to the store. */
export type PendingOutput = AttemptRef & { readonly chunk: OutputChunk };

/** What goes into a tick. */
export interface Pending {
  readonly ended: readonly AttemptEnd[];
  readonly output: readonly PendingOutput[];
}

/** Keeps the books on attempts. */
export class Attempts {
  readonly #running = new Map<string, Running>();
  #ended: AttemptEnd[] = [];
  #output: PendingOutput[] = [];

  /** How many run. */
  get running(): number {
    return this.#running.size;
  }

  /** Whether the store has heard all there is to hear. */
  get isSettled(): boolean {
    return this.#running.size === 0 && this.#ended.length === 0;
  }

  /** Whether this attempt runs, or has ended and is not settled. */
  knows(token: string): boolean {
    return this.#running.has(token) || this.#ended.some((end) => end.token === token);
  }

  begin({ jobId, token, attempt, job, isAhead }: Claim): void {
    const claim = { jobId, token, attempt, job, isAhead };
    this.#running.set(token, { claim, isEnding: false });
  }

  /** Of these attempts, those that run and whose end nobody has asked for yet. */
  markEnding(tokens: Iterable<string>): string[] {
    return [...tokens].filter((token) => {
      const running = this.#running.get(token);
      if (!running || running.isEnding) return false;
      running.isEnding = true;
      return true;
    });
  }

  /** The tokens of all running attempts. */
  tokens(): string[] {
    return [...this.#running.keys()];
  }

  /** The claim of a running attempt. */
  claimOf(token: string): KeptClaim | undefined {
    return this.#running.get(token)?.claim;
  }

  /** A running attempt was taken over by a rescue. */
  forget(token: string): void {
    this.#running.delete(token);
  }

  /** An executor says that an attempt has ended. */
  report(report: AttemptReport): void {
    const claim = this.claimOf(report.token);
    if (!claim) return;
    this.settleNext({
      jobId: claim.jobId,
      token: claim.token,
      outcome: outcomeOf(report),
      // Others have begun when they were claimed, which is what a rate goes by.
      ...claim.isAhead && hasBegun(report) ? { startedAt: report.startedAt } : {},
      finishedAt: report.finishedAt,
      chunks: report.chunks,
      outputBytes: report.outputBytes,
    });
  }

  /** An attempt has ended: the next tick settles it. */
  settleNext(end: AttemptEnd): void {
    this.#running.delete(end.token);
    this.#ended.push(end);
  }

  /**
   * A running attempt has written. What the store has not heard of and what is pushed out already
   * need not be kept, so that a store that is away does not fill the memory.
   */
  addOutput(chunk: OutputChunk): void {
    const claim = this.claimOf(chunk.token);
    if (!claim) return;
    let { dropped } = chunk;
    if (dropped !== null) {
      const { from, to } = dropped;
      const isDropped = ({ chunk: { token, seq } }: PendingOutput) =>
        token === chunk.token && seq >= from && seq < to;
      // What a dropped chunk would have pushed out is pushed out by this one.
      const earlier = this.#output.filter(isDropped).map(({ chunk }) =>
        chunk.dropped?.from ?? from
      );
      dropped = { from: Math.min(from, ...earlier), to };
      this.#output = this.#output.filter((pending) => !isDropped(pending));
    }
    this.#output.push({ jobId: claim.jobId, token: chunk.token, chunk: { ...chunk, dropped } });
  }

  /** Takes what the next tick brings to the store. */
  take(): Pending {
    const pending = { ended: this.#ended, output: this.#output };
    this.#ended = [];
    this.#output = [];
    return pending;
  }

  /** The store was away: what was taken waits again, in its old place. */
  putBack({ ended, output }: Pending): void {
    this.#ended = [...ended, ...this.#ended];
    this.#output = [...output, ...this.#output];
  }
}

function hasBegun({ result: { kind } }: AttemptReport): boolean {
  return kind === "exit" || kind === "launcher_died";
}

function outcomeOf({ result, ending }: AttemptReport): Outcome {
  if (ending?.reason === "hand_back") return { kind: "handed_back" };
  switch (result.kind) {
    case "exit":
      return ending === null ? outcomeOfExit(result.code) : outcomeOfEnding(ending, result.code);
    case "not_started":
      return { kind: "not_started", error: result.error };
    case "not_begun":
      return { kind: "handed_back" };
    case "unclaimed":
      return { kind: "unclaimed" };
    case "launcher_died":
      return { kind: "lost", error: "its launcher was killed" };
  }
}
