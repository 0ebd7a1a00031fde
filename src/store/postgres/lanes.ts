/**
 * The lanes of a look in SQL, see `beginnings.ts`.
 *
 * @module
 */

import type { SqlValue } from "../sql/work.ts";
import { END, type Lane, type Look } from "./beginnings.ts";
import { arrayText } from "./dialect.ts";

/** Before the name of any queue, and behind it. */
const BEFORE = "";
const BEHIND = "~";

/** Above any priority, and below it. */
const ABOVE = 2000;
const BELOW = -2000;

/** The first pending job of a queue between two others, where there is one. */
const nextQueue = (after: string, until: string) =>
  `CROSS JOIN LATERAL (
      SELECT queue, priority, seq FROM job
      WHERE state = 'pending' AND queue > ${after} AND queue < ${until}
      ORDER BY queue, priority DESC, seq LIMIT 1
    ) AS next`;

/**
 * The lanes of the queues that a worker serves and that are not paused, as `lane (queue, priority, first, past,
 * has_settings)`, for `WITH RECURSIVE`. Those that are not known yet are there only where the look goes around: one of
 * each queue between those that are known, and one between two priorities.
 *
 * @param queues the JSON list of those that are served, or NULL, as an expression
 * @param first the number of the first of the parameters {@linkcode laneValues}
 */
export function lanesSql(queues: string, first: number): string {
  const parameter = (place: number, type: string) => `$${first + place}::${type}[]`;
  const list = (...types: readonly string[]) => types.map((type, i) => parameter(i, type));
  const known = list("text", "int", "bigint", "bigint").join(", ");
  const [after, until] = [parameter(4, "text"), parameter(5, "text")];
  const [queue, above, below] = [
    parameter(6, "text"),
    parameter(7, "int"),
    parameter(8, "int"),
  ];
  return `head AS (
    SELECT next.*, gap.until FROM unnest(${after}, ${until}) AS gap (after, until)
      ${nextQueue("gap.after", "gap.until")}
    UNION ALL
    SELECT next.*, head.until FROM head ${nextQueue("head.queue", "head.until")}
  ), every AS (
    SELECT * FROM unnest(${known}) AS known (queue, priority, first, past)
    UNION ALL SELECT queue, priority, seq, ${END} FROM head
    UNION ALL SELECT next.*, ${END} FROM unnest(${queue}, ${above}, ${below}) AS gap (queue, above, below)
      CROSS JOIN LATERAL (
        SELECT queue, priority, seq FROM job WHERE state = 'pending' AND job.queue = gap.queue
          AND priority < gap.above AND priority > gap.below
        ORDER BY priority DESC, seq LIMIT 1
      ) AS next
  ), served (queues) AS MATERIALIZED (
    SELECT ${queues}
  ), lane AS MATERIALIZED (
    SELECT every.*, job_limit IS NOT NULL OR rate_count IS NOT NULL AS has_settings
    FROM every CROSS JOIN served LEFT JOIN queue ON queue.name = every.queue
    WHERE (queues IS NULL OR queues ? every.queue) AND coalesce(paused, 0) = 0
  )`;
}

/** The values of nine parameters. */
export function laneValues({ lanes, around }: Look): SqlValue[] {
  const gaps = around ? gapsBetween(lanes) : { queues: [], priorities: [] };
  return [
    arrayText(lanes.map(({ queue }) => queue)),
    arrayText(lanes.map(({ priority }) => priority)),
    arrayText(lanes.map(({ first }) => first)),
    arrayText(lanes.map(({ past }) => past)),
    arrayText(gaps.queues.map(([after]) => after)),
    arrayText(gaps.queues.map(([, until]) => until)),
    arrayText(gaps.priorities.map(([queue]) => queue)),
    arrayText(gaps.priorities.map(([, above]) => above)),
    arrayText(gaps.priorities.map(([, , below]) => below)),
  ];
}

/** What lies between lanes: between two queues, and between two priorities of a queue. */
export function gapsBetween(lanes: readonly Lane[]): {
  readonly queues: readonly (readonly [after: string, until: string])[];
  readonly priorities: readonly (readonly [queue: string, above: number, below: number])[];
} {
  const known = Map.groupBy(lanes, ({ queue }) => queue);
  const names = [BEFORE, ...[...known.keys()].sort(), BEHIND];
  return {
    queues: names.slice(1).map((until, i) => [names[i]!, until]),
    priorities: [...known].flatMap(([queue, lanes]) => {
      const priorities = new Set(lanes.map(({ priority }) => priority));
      const edges = [ABOVE, ...[...priorities].sort((a, b) => b - a), BELOW];
      return edges.slice(1).map((below, i) => [queue, edges[i]!, below] as const);
    }),
  };
}
