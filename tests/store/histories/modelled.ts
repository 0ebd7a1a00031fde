/**
 * A job in the model of a store.
 *
 * @module
 */

import type { Attempt, Job, NewJob } from "../../../src/job/job.ts";
import type { KeptJob } from "../../../src/job/record.ts";
import { type State, waitingState } from "../../../src/job/state.ts";

/** The same, to be changed. */
export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A piece of stored output. */
export interface ModelledPiece {
  readonly seq: number;
  readonly text: string;
}

/** A job, and what the store keeps of it. */
export interface Modelled {
  readonly job: Mutable<Job>;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string | null;
  runs: number;
  /** Of the attempt that runs. */
  token: string | null;
  /** Whether that was claimed before there was a free slot. */
  isAhead: boolean;
  cancelledBy: string | null;
  /** The parents that have yet to end. */
  open: Set<string>;
  /** What else it waited for when it was cancelled because of a parent. */
  was: { readonly held: boolean; readonly open: ReadonlySet<string> } | null;
  attempts: Mutable<Attempt>[];
  /** By the number of the attempt. */
  output: Map<number, ModelledPiece[]>;
}

/** A job as it is when it has just been stored, and nothing is known of its parents yet. */
export function modelled(given: NewJob, now: number): Modelled {
  const { held, delay, runAt: givenRunAt, env, stdin, ...fields } = given;
  const runAt = delay === null ? givenRunAt : now + delay;
  const state = waitingState({ held, blocked: given.after.length > 0, runAt }, now);
  return {
    job: {
      ...fields,
      state,
      attempts: 0,
      runAt: state === "pending" ? null : runAt,
      createdAt: now,
      updatedAt: now,
      startedAt: null,
      finishedAt: null,
      exitCode: null,
      error: null,
      workerId: null,
      cancelRequested: false,
      envNames: Object.keys(env),
      progress: null,
    },
    env,
    stdin,
    runs: 0,
    token: null,
    isAhead: false,
    cancelledBy: null,
    open: new Set(),
    was: null,
    attempts: [],
    output: new Map(),
  };
}

/** A copy that changes of the job leave as it is. */
export function copyOf(job: Modelled): Modelled {
  return {
    ...job,
    job: { ...job.job },
    open: new Set(job.open),
    attempts: job.attempts.map((attempt) => ({ ...attempt })),
    output: new Map([...job.output].map(([attempt, pieces]) => [attempt, [...pieces]])),
  };
}

/** What a store is to say of the job. */
export function keptOf({ job, runs, cancelledBy, open, stdin, attempts }: Modelled): KeptJob {
  const waits = job.state === "blocked" || job.state === "held";
  return {
    job,
    runs,
    cancelledBy,
    waitsFor: waits ? job.after.map(({ id }) => id).filter((id) => open.has(id)) : [],
    stdin,
    attempts,
  };
}

/** Whether a job is in any of these states. */
export function isIn({ job }: Modelled, ...states: readonly State[]): boolean {
  return states.includes(job.state);
}
