/**
 * Jobs as they come from another store, for properties: in every state, with all that a store keeps.
 *
 * @module
 */

import fc from "fast-check";
import { CONDITIONS, type Job, type Parent } from "../../src/job/job.ts";
import type { KeptPiece, MovedJob } from "../../src/job/record.ts";
import { FINAL_STATES, isFinal, type State, STATES } from "../../src/job/state.ts";
import { job } from "./jobs.ts";

/** Objects as JSON.parse() makes them. */
const PLAIN = { noNullPrototype: true };

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });
const text = fc.string({ unit: "binary", maxLength: 30 }).filter((value) =>
  value.isWellFormed() && !value.includes("\0")
);
const line = text.filter((value) => value.trim() !== "");
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  text.filter((value) => value !== "").map((value) => new TextEncoder().encode(value)),
);

/** The states of jobs that are imported as they are. */
const STAYING = STATES.filter((state) => state !== "processing");

const OUTCOMES = [
  "completed",
  "failed",
  "not_started",
  "timed_out",
  "lost",
  "handed_back",
] as const;

const attempt = fc.record({
  outcome: fc.constantFrom(...OUTCOMES),
  startedAt: time,
  finishedAt: time,
  exitCode: orNull(fc.integer({ min: 0, max: 255 })),
  error: orNull(text),
  workerId: text,
  host: text,
  outputBytes: fc.nat(),
});

const piece = fc.record({
  stream: fc.constantFrom("stdout", "stderr"),
  time,
  missing: fc.constantFrom(0, 0, 0, 7),
  bytes,
}) as fc.Arbitrary<Omit<KeptPiece, "attempt" | "seq">>;

const fields = fc.record({
  command: line,
  queue: fc.constantFrom("default", "mail", "media.x"),
  priority: fc.integer({ min: -1000, max: 1000 }),
  maxRetries: fc.nat(),
  backoffBase: fc.double({ min: 0, max: 1000, noNaN: true }).map((value) => value + 0),
  backoffMax: fc.nat(),
  backoffJitter: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  timeout: orNull(fc.integer({ min: 1, max: 3_155_760_000_000 })),
  cwd: orNull(fc.constantFrom("/", "/srv/a b")),
  tags: fc.uniqueArray(fc.constantFrom("x", "y", "ünï", "%")),
  fatalExitCodes: fc.constantFrom([], [2], [1, 64, 255]),
  createdAt: time,
  updatedAt: time,
  startedAt: orNull(time),
  exitCode: orNull(fc.integer({ min: 0, max: 255 })),
  error: orNull(text),
  workerId: orNull(text),
  progress: orNull(fc.record({
    percent: fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0),
    message: orNull(text),
  }, PLAIN)),
}) as fc.Arbitrary<Partial<Job>>;

/**
 * A job that a store may hold.
 *
 * @param parents the ids that it may wait for
 */
export function movedJob(id: string, parents: readonly string[]): fc.Arbitrary<MovedJob> {
  const after: fc.Arbitrary<Parent[]> = parents.length === 0 ? fc.constant([]) : fc.uniqueArray(
    fc.record({ id: fc.constantFrom(...parents), on: fc.constantFrom(...CONDITIONS) }, PLAIN),
    { maxLength: 3, selector: (parent) => parent.id },
  );
  return fc.record({
    state: fc.constantFrom(...STAYING),
    fields,
    after,
    runAt: time,
    finishedAt: time,
    attempts: fc.array(fc.tuple(attempt, fc.array(piece, { maxLength: 3 })), { maxLength: 3 }),
    more: fc.nat(3),
    stdin: orNull(fc.string({ unit: "binary" }).filter((value) => value.isWellFormed())),
    isDueToo: fc.boolean(),
    isOpen: fc.boolean(),
  }).map(({ state: wanted, fields, after, attempts, more, ...rest }): MovedJob => {
    const state: State = wanted === "blocked" && after.length === 0 ? "held" : wanted;
    const waits = state === "blocked" || (state === "held" && rest.isOpen);
    const mayHaveTime = state === "held" || state === "blocked";
    const hasTime = state === "failed" || state === "scheduled" || (mayHaveTime && rest.isDueToo);
    const runs = attempts.length + more + 1;
    const hasRun = ["failed", "completed", "dead"].includes(state);
    const output: KeptPiece[] = attempts.flatMap(([, pieces], index) => {
      let end = 0;
      return pieces.map((piece) => {
        const seq = end + piece.missing;
        end = seq + piece.bytes.length;
        return { ...piece, attempt: index + 1, seq };
      });
    });
    const moved: Job = job({
      ...fields,
      id,
      state,
      after,
      uniqueKey: rest.isOpen && !isFinal(state) ? `key of ${id}` : null,
      schedule: rest.isDueToo ? `firing of ${id}` : null,
      fireTime: rest.isDueToo ? rest.runAt : null,
      attempts: hasRun ? runs : 0,
      runAt: hasTime ? rest.runAt : null,
      finishedAt: FINAL_STATES.includes(state) ? rest.finishedAt : null,
    });
    return {
      job: moved,
      runs,
      cancelledBy: state === "cancelled" ? after[0]?.id ?? null : null,
      waitsFor: waits ? after.map((parent) => parent.id) : [],
      stdin: rest.stdin,
      attempts: attempts.map(([attempt, pieces], index) => ({
        ...attempt,
        attempt: index + 1,
        // What an export leaves out: it looks for no output where none is said to be.
        outputBytes: attempt.outputBytes + (pieces.length > 0 ? 1 : 0),
      })),
      env: {},
      output,
    };
  });
}
