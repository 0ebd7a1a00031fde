/// <reference lib="dom" />
/**
 * Jobs as a table, with a box each to choose them.
 *
 * @module
 */

import type { JSX } from "preact";
import { type Column, JobLink, StateBadge, Table, Time, UserText } from "./components.tsx";
import type { JobJson } from "./job_shapes.ts";
import { linkTo, PATHS } from "./router.ts";
import { isSelected, type Selection, toggle } from "./selection.ts";
import type { SteadyRow } from "./steady_list.ts";

/** What the table is told. */
export interface JobTableProps {
  readonly rows: readonly SteadyRow<JobJson>[];
  readonly stale: boolean;
  /** Null where nothing can be chosen. */
  readonly selection: Selection | null;
  readonly onSelect: (selection: Selection) => void;
}

/** The table. */
export function JobTable(props: JobTableProps): JSX.Element {
  const { rows, stale, selection, onSelect } = props;
  const ids = rows.map(({ item }) => item.id);
  const columns = selection === null ? COLUMNS : [boxColumn(selection, ids, onSelect), ...COLUMNS];
  return (
    <div class="job-table">
      <Table
        caption="Jobs"
        columns={columns}
        rows={rows}
        keyOf={({ item }) => item.id}
        stale={stale}
      />
    </div>
  );
}

type Row = SteadyRow<JobJson>;

/** So many tags of a job are shown. */
const TAGS = 3;

const COLUMNS: readonly Column<Row>[] = [
  { title: "Id", kind: "main-cell", cell: ({ item }) => <JobLink id={item.id} short /> },
  { title: "Command", kind: "grow", cell: ({ item }) => <CommandCell job={item} /> },
  {
    title: "State",
    cell: ({ item, gone }) => (
      <span>
        <StateBadge state={item.state} />
        {gone ? <span class="faint beside">moved on</span> : null}
        {item.state === "processing" && item.progress !== null
          ? <span class="number faint beside">{item.progress.percent}%</span>
          : null}
      </span>
    ),
  },
  { title: "Queue", cell: ({ item }) => <UserText text={item.queue} cut /> },
  {
    title: "Attempts",
    align: "right",
    cell: ({ item }) => <span class="number">{item.attempts} of {item.max_retries + 1}</span>,
  },
  { title: "Created", align: "right", cell: ({ item }) => <Time at={item.created_at} /> },
  { title: "Changed", align: "right", cell: ({ item }) => <Time at={item.updated_at} /> },
];

function CommandCell({ job }: { readonly job: JobJson }): JSX.Element {
  // What is wrong matters only where it still is.
  const error = job.state === "completed" ? null : job.error;
  return (
    <div class="command-cell">
      <div class="command-line">
        <code>
          <UserText text={job.command} cut />
        </code>
        {job.tags.slice(0, TAGS).map((tag) => (
          <a key={tag} class="tag" href={linkTo(PATHS.jobs, { tag })}>
            <UserText text={tag} />
          </a>
        ))}
        {job.tags.length > TAGS ? <span class="faint">+{job.tags.length - TAGS}</span> : null}
      </div>
      {error === null || error === job.state ? null : (
        <div class="job-error">
          <UserText text={error} cut />
        </div>
      )}
    </div>
  );
}

function boxColumn(
  selection: Selection,
  ids: readonly string[],
  onSelect: (selection: Selection) => void,
): Column<Row> {
  return {
    title: "Choose",
    hidden: true,
    kind: "box",
    cell: ({ item: { id } }) => (
      <input
        type="checkbox"
        aria-label={`Choose job ${id}`}
        checked={isSelected(selection, id)}
        // A click knows of the shift key, a change does not.
        onClick={(event) => onSelect(toggle(selection, id, ids, event.shiftKey))}
      />
    ),
  };
}
