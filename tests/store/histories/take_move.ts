/**
 * Histories: jobs leave the store and come back, as with an export, a deletion and an import.
 *
 * @module
 */

import { IdTakenError } from "../../../src/errors.ts";
import type { KeptPiece, MovedJob } from "../../../src/job/record.ts";
import { assertSame } from "./compare.ts";
import { Refusal } from "./model.ts";
import { copyOf, isIn, keptOf, type Modelled } from "./modelled.ts";
import type { Taker } from "./tale.ts";

/** Takes a few jobs out and stores them again, behind the others. */
export const takeMove: Taker<"move"> = async (tale, what, store) => {
  const { jobs } = tale.model;
  const chosen = new Set(
    what.picks.map((pick) => tale.job(pick)).filter((job) => job !== undefined),
  );
  const moving = jobs.all.filter((job) => chosen.has(job) && !isIn(job, "processing"));
  const copies = moving.map(copyOf);
  // Children first: nobody waits for the others then.
  for (const { job: { id, state } } of what.keeps ? [] : copies.toReversed()) {
    const job = jobs.find(id)!;
    await tale.both("move out", () => tale.model.remove(job, [state]), () => {
      return store.remove(id, [state]);
    });
  }
  const coming = what.childrenFirst ? copies.reverse() : copies;
  // A copy of its own: what the model makes of the jobs is not what is stored.
  const moved = coming.map((job) => movedOf(copyOf(job)));
  const { skipExisting } = what;
  const result = await tale.both("move in", () => {
    const fresh = coming.filter(({ job }) => !jobs.find(job.id));
    if (fresh.length < coming.length && !skipExisting) throw new Refusal(IdTakenError);
    for (const job of fresh) jobs.import(job);
    jobs.tell();
    return { imported: fresh.length, skipped: coming.length - fresh.length };
  }, () => store.importJobs(moved, { skipExisting }));
  if (result) assertSame(result.actual, result.expected);
};

function movedOf(job: Modelled): MovedJob {
  const encoder = new TextEncoder();
  const output = [...job.output].flatMap(([attempt, pieces]) =>
    pieces.map(({ seq, text }): KeptPiece => ({
      attempt,
      seq,
      stream: "stdout",
      time: 5,
      missing: 0,
      bytes: encoder.encode(text),
    }))
  );
  return { ...keptOf(job), env: job.env, output };
}
