/**
 * The states of a job and the one table of its transitions. The store, the documentation and the
 * tests all read this table; no other place says which state follows which.
 *
 * @module
 */

/** Every state, in the order in which they are shown. */
export const STATES = [
  "held",
  "blocked",
  "scheduled",
  "pending",
  "processing",
  "failed",
  "completed",
  "dead",
  "cancelled",
] as const;

/** Where a job stands. */
export type State = (typeof STATES)[number];

/** The states that a job does not leave by itself. */
export const FINAL_STATES: readonly State[] = ["completed", "dead", "cancelled"];

/** The states of a job that has yet to run, or to run again. */
export const WAITING_STATES: readonly State[] = [
  "held",
  "blocked",
  "scheduled",
  "pending",
  "failed",
];

/** What can happen to a job. */
export type JobEvent =
  | "parents_done"
  | "block"
  | "hold"
  | "due"
  | "postpone"
  | "release"
  | "claim"
  | "complete"
  | "fail"
  | "give_up"
  | "hand_back"
  | "cancel"
  | "end_cancelled"
  | "retry";

interface Transition {
  readonly event: JobEvent;
  readonly from: readonly State[];
  readonly to: State;
}

/** The whole state machine (DESIGN section 2). What is not listed here cannot happen. */
export const TRANSITIONS: readonly Transition[] = [
  { event: "parents_done", from: ["blocked"], to: "pending" },
  // A held job that is released may have parents; a job cancelled because of a parent that is retried.
  { event: "block", from: ["held", "cancelled"], to: "blocked" },
  // The latter, if it was held then.
  { event: "hold", from: ["cancelled"], to: "held" },
  { event: "due", from: ["scheduled", "failed"], to: "pending" },
  { event: "postpone", from: ["held", "blocked", "pending"], to: "scheduled" },
  { event: "release", from: ["held"], to: "pending" },
  { event: "claim", from: ["pending"], to: "processing" },
  { event: "complete", from: ["processing"], to: "completed" },
  { event: "fail", from: ["processing"], to: "failed" },
  { event: "give_up", from: ["processing"], to: "dead" },
  { event: "hand_back", from: ["processing"], to: "pending" },
  { event: "cancel", from: WAITING_STATES, to: "cancelled" },
  { event: "end_cancelled", from: ["processing"], to: "cancelled" },
  { event: "retry", from: ["dead", "cancelled", "failed", "completed"], to: "pending" },
];

/** The states in which `event` may happen. */
export function sourcesOf(event: JobEvent): readonly State[] {
  return find(event).from;
}

/** The state after `event`, or null where `from` does not allow it. */
export function transition(from: State, event: JobEvent): State | null {
  const { from: allowed, to } = find(event);
  return allowed.includes(from) ? to : null;
}

/** What keeps a job from running, apart from its turn. */
export interface Obstacles {
  /** It waits for somebody to release it. */
  readonly held: boolean;
  /** It waits for parents. */
  readonly blocked: boolean;
  /** Not before this time, milliseconds since the epoch; null is no matter when. */
  readonly runAt: number | null;
}

/** In which of the waiting states a job is, that has not failed: the first obstacle names it. */
export function waitingState({ held, blocked, runAt }: Obstacles, now: number): State {
  if (held) return "held";
  if (blocked) return "blocked";
  return runAt !== null && runAt > now ? "scheduled" : "pending";
}

/** Whether the job will not move any more unless somebody asks for it. */
export function isFinal(state: State): boolean {
  return FINAL_STATES.includes(state);
}

function find(event: JobEvent): Transition {
  const found = TRANSITIONS.find((transition) => transition.event === event);
  if (!found) throw new RangeError(`No such job event: ${event}`);
  return found;
}
