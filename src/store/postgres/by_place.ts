/**
 * How a statement changes jobs that are given as lists without a join. A plan that is kept was made for as many jobs as
 * there were then; where those were few, a join walks all jobs for each that is given: of 50,000, which came later, each
 * tick then took 490 ms, until autovacuum had looked at the table. A list is looked up job by job, whatever there is.
 *
 * @module
 */

/** Of {@link LISTED}: the numbers of the jobs in `of`, ascending, and the place of each. */
export function listOf(of: string): string {
  return `SELECT array_agg(seq ORDER BY seq) AS seqs, array_agg(place ORDER BY seq) AS places FROM ${of}`;
}

/** A job whose number is in `list`, which {@link listOf} has made. */
export const LISTED = "seq = ANY ((SELECT seqs FROM list)::bigint[])";

/** The place of such a job: a search by halves among numbers that ascend. */
export const PLACE = "(SELECT places FROM list)[width_bucket(seq, (SELECT seqs FROM list))]";
