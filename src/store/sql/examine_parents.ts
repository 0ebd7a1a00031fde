/**
 * Whether every job that waits for others will ever be told of their ends.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { Patient } from "./patient.ts";

/** So many ids stand in a command at the most. */
const MAX_IDS = 50;

const FINAL = "state = 'completed' OR state = 'dead' OR state = 'cancelled'";

/** Jobs that wait for jobs that are not there. */
const MISSING = `SELECT job.id FROM dependency JOIN job ON job.seq = dependency.job
  WHERE NOT EXISTS (SELECT 1 FROM job AS parent WHERE parent.id = dependency.parent)
  GROUP BY job.id, job.seq ORDER BY job.seq`;

/** Parents that have ended, of which nobody is about to tell. */
const UNTOLD =
  `SELECT DISTINCT dependency.parent FROM dependency JOIN job ON job.id = dependency.parent
  WHERE (${FINAL}) AND EXISTS (SELECT 1 FROM job AS child WHERE child.seq = dependency.job)
  AND NOT EXISTS (SELECT 1 FROM ended_parent WHERE ended_parent.id = dependency.parent)`;

const FREE = `state = 'blocked' AND NOT EXISTS (SELECT 1 FROM dependency
  WHERE dependency.job = job.seq)`;

const HELD = `SELECT parent.id FROM dependency JOIN job AS parent
  ON parent.id = dependency.parent WHERE parent.state = 'held' AND NOT EXISTS
    (SELECT 1 FROM dependency AS own WHERE own.job = parent.seq)
  GROUP BY parent.id, parent.seq ORDER BY parent.seq`;

/** Only what waits itself can be on a circle. */
const EDGES = `SELECT child.id AS child, parent.id AS parent FROM dependency
  JOIN job AS child ON child.seq = dependency.job JOIN job AS parent
  ON parent.id = dependency.parent AND (parent.state = 'blocked' OR parent.state = 'held')`;

/** Dependencies on jobs that are gone, have ended unnoticed, wait in a circle, or for somebody. */
export async function parentsCheck(
  { rows, sqlCommand, options: { command } }: Patient,
): Promise<Check> {
  const ids = async (sql: string) =>
    (await rows(sql)).map((row) => Object.values(row)[0] as string);
  const findings: Finding[] = [];
  // A new life does not wait for parents.
  const newLife = (jobs: readonly string[]) => {
    const some = jobs.slice(0, MAX_IDS);
    return `To run them without waiting: ${quoteWords([...command, "cancel", ...some])} && ${
      quoteWords([...command, "retry", ...some])
    }`;
  };
  const missing = await ids(MISSING);
  if (missing.length > 0) {
    const text = `Jobs that wait for jobs that are not there: ${missing.length} (such as ${
      missing[0]
    })`;
    findings.push(problem(text, newLife(missing)));
  }
  const untold = await ids(UNTOLD);
  if (untold.length > 0) {
    const sql = `INSERT INTO ended_parent (id) ${UNTOLD}`;
    const text = `Jobs that have ended, while those that wait for them were never told: ` +
      `${untold.length} (such as ${untold[0]})`;
    findings.push(problem(text, `To have the next worker tell them: ${sqlCommand(sql)}`));
  }
  const free = await ids(`SELECT id FROM job WHERE ${FREE} ORDER BY seq`);
  if (free.length > 0) {
    const sql = `UPDATE job SET state = CASE WHEN run_at IS NULL THEN 'pending' ELSE 'scheduled' END
      WHERE ${FREE}`;
    const text = `Jobs that are blocked by nothing: ${free.length} (such as ${free[0]})`;
    findings.push(problem(text, `To let them go: ${sqlCommand(sql)}`));
  }
  const edges = (await rows(EDGES)) as unknown as readonly Edge[];
  const circle = findCircle(edges);
  if (circle !== null) {
    const text = `Jobs wait for each other in a circle: ${
      [...circle, circle[0]].slice(0, MAX_IDS).join(" after ")
    }`;
    findings.push(problem(text, newLife(circle.slice(0, 1))));
  }
  const held = await ids(HELD);
  if (held.length > 0) {
    const text = `Jobs for which others wait, and that somebody has to release: ${held.length} ` +
      `(such as ${held[0]})`;
    const mend = quoteWords([...command, "release", ...held.slice(0, MAX_IDS)]);
    findings.push(warning(text, `To let them go: ${mend}`));
  }
  return { name: "parents", text: "All that jobs wait for is there and will be noticed", findings };
}

/** That a job waits for another. */
export interface Edge {
  readonly child: string;
  readonly parent: string;
}

/** The ids on a circle, each before the one that it waits for; null if there is none. */
export function findCircle(edges: readonly Edge[]): string[] | null {
  const parents = new Map<string, Set<string>>();
  const children = new Map<string, string[]>();
  for (const { child, parent } of edges) {
    parents.set(child, (parents.get(child) ?? new Set()).add(parent));
    children.set(parent, [...children.get(parent) ?? [], child]);
  }
  // What waits for nothing that waits is on no circle; what is left without it neither, and so on.
  const free = [...children.keys()].filter((id) => !parents.has(id));
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    for (const child of children.get(id) ?? []) {
      const open = parents.get(child)!;
      open.delete(id);
      if (open.size > 0) continue;
      parents.delete(child);
      free.push(child);
    }
  }
  // Whoever is left waits for somebody who is left, so a walk from parent to parent comes back.
  const walk: string[] = [];
  const seen = new Map<string, number>();
  let id = parents.keys().next().value;
  while (id !== undefined) {
    const at = seen.get(id);
    if (at !== undefined) return walk.slice(at);
    seen.set(id, walk.length);
    walk.push(id);
    id = [...parents.get(id)!].find((parent) => parents.has(parent));
  }
  return null;
}
