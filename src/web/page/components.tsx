/// <reference lib="dom" />
/**
 * The small parts that every view is made of. Whatever users or jobs wrote is text, escaped as the commands
 * escape it, and never HTML.
 *
 * @module
 */

import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { escapeText } from "../../escape.ts";
import type { State } from "../../job/state.ts";
import { now } from "./clock.ts";
import { formatAgo, formatFull, formatSeconds } from "./format.ts";
import { jobPath } from "./router.ts";
import { toast, toastError } from "./toasts.tsx";

/** A state, told by its name and a sign of its own, not by colour alone. */
export function StateBadge({ state }: { readonly state: State }): JSX.Element {
  return <span class={`badge state-${state}`}>{state}</span>;
}

/** Text that a user or a job wrote: control characters are visible, its direction stays its own. */
export function UserText(
  { text, cut = false }: {
    readonly text: string; /** On one line, the rest on hovering. */
    readonly cut?: boolean;
  },
): JSX.Element {
  const shown = escapeText(text);
  return cut ? <bdi class="cut" title={shown}>{shown}</bdi> : <bdi class="user-text">{shown}</bdi>;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** A link to a job, by its id; a UUID by its end, if it is to be short. */
export function JobLink(
  { id, short = false }: { readonly id: string; readonly short?: boolean },
): JSX.Element {
  const cut = short && UUID.test(id);
  return (
    <a
      class="id"
      href={jobPath(id)}
      title={cut ? id : undefined}
      aria-label={cut ? `Job ${id}` : undefined}
    >
      {/* The ends of UUIDv7s differ; their beginnings are the time. */}
      {cut ? `…${id.slice(-12)}` : id}
    </a>
  );
}

/** A time as a distance from now; in full on hovering. A dash for null. */
export function Time({ at }: { readonly at: string | null }): JSX.Element {
  return at === null ? <span class="faint">–</span> : <Moment at={at} />;
}

function Moment({ at }: { readonly at: string }): JSX.Element {
  const time = Date.parse(at);
  // Signals: each second only the texts change that differ.
  const latest = useSignal(time);
  latest.value = time;
  const text = useComputed(() => formatAgo(latest.value, now.value));
  return <time dateTime={at} title={formatFull(time)}>{text}</time>;
}

/** How long from one time to another; to now while it has not ended. */
export function Elapsed(
  { from, to }: { readonly from: string | null; readonly to: string | null },
): JSX.Element {
  if (from === null) return <span class="faint">–</span>;
  const end = to === null ? now.value : Date.parse(to);
  return <span class="number">{formatSeconds(Math.max(0, end - Date.parse(from)) / 1000)}</span>;
}

/** The head of a view: its title, which gets the focus when one comes here, and what can be done. */
export function PageHead(
  { title, note, children }: {
    readonly title: ComponentChildren;
    readonly note?: ComponentChildren;
    readonly children?: ComponentChildren;
  },
): JSX.Element {
  return (
    <div class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {note === undefined ? null : <p class="note">{note}</p>}
      </div>
      {children === undefined ? null : <div class="actions">{children}</div>}
    </div>
  );
}

/** A part of a view with a heading. */
export function Card(
  { title, aside, children, kind = "" }: {
    readonly title?: ComponentChildren;
    readonly aside?: ComponentChildren;
    readonly children: ComponentChildren;
    readonly kind?: string;
  },
): JSX.Element {
  return (
    <section class={`card ${kind}`}>
      {title === undefined ? null : (
        <div class="card-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

/** What is shown where there is nothing: what this place is for, and the next command to type. */
export function Empty(
  { title, children, command }: {
    readonly title: string;
    readonly children?: ComponentChildren;
    readonly command?: string;
  },
): JSX.Element {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children === undefined ? null : <p>{children}</p>}
      {command === undefined ? null : <Command text={command} />}
    </div>
  );
}

/** A command to type, with a button that copies it. */
export function Command({ text }: { readonly text: string }): JSX.Element {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} />
    </div>
  );
}

/** Puts a text on the clipboard. */
export function CopyButton(
  { text, label = "Copy" }: { readonly text: string | (() => string); readonly label?: string },
): JSX.Element {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      toast("Copied");
    } catch {
      toastError(new Error("The browser does not let the page copy; select the text instead"));
    }
  };
  return <button type="button" class="small" onClick={copy}>{label}</button>;
}

/** A column of a {@linkcode Table}. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** For screen readers alone: the column explains itself. */
  readonly hidden?: boolean;
  readonly align?: "right";
  /** A class of its cells: `grow` takes what room is left. */
  readonly kind?: string;
}

/** What a {@linkcode Table} shows. */
export interface TableProps<Row> {
  /** What the table lists, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The rows are those of an earlier question. */
  readonly stale?: boolean;
}

/** A table; on a narrow screen each row is a card. */
export function Table<Row>(
  { caption, columns, rows, keyOf, stale = false }: TableProps<Row>,
): JSX.Element {
  // The roles are said again: `display: block` on narrow screens would take them away.
  return (
    <table role="table" class={stale ? "stale" : ""}>
      <caption class="unseen">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, hidden, align }) => (
            <th role="columnheader" scope="col" key={title} class={align ?? ""}>
              {hidden === true ? <span class="unseen">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr role="row" key={keyOf(row)}>
            {columns.map(({ title, hidden, align, kind, cell }) => (
              <td
                role="cell"
                key={title}
                class={[align, kind].filter(Boolean).join(" ")}
                data-label={hidden === true ? "" : title}
              >
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Which page of a list is shown. */
export interface PagerProps {
  /** Such as `101–200 of 1,204`. */
  readonly text: string;
  /** Links; null where there is none. */
  readonly first: string | null;
  readonly previous: string | null;
  readonly next: string | null;
}

/** The links to the pages beside this one. */
export function Pager({ text, first, previous, next }: PagerProps): JSX.Element {
  const link = (name: string, to: string | null, rel?: string) =>
    to === null
      ? <span class="button disabled" aria-disabled="true">{name}</span>
      : <a class="button" href={to} rel={rel}>{name}</a>;
  return (
    <nav class="pager" aria-label="Pages">
      <span class="number" role="status">{text}</span>
      {link("First", first)}
      {link("Previous", previous, "prev")}
      {link("Next", next, "next")}
    </nav>
  );
}

/** What a field is told by the form it stands in. */
export interface FieldAids {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": boolean | undefined;
}

/** A field with its label, a hint, and what is wrong with it. `children` puts the aids on the input. */
export function Field(
  { label, hint, error = null, children }: {
    readonly label: string;
    readonly hint?: ComponentChildren;
    readonly error?: string | null;
    readonly children: (aids: FieldAids) => ComponentChildren;
  },
): JSX.Element {
  const id = useId();
  const said = [hint === undefined ? null : `${id}-hint`, error === null ? null : `${id}-error`]
    .filter((part) => part !== null).join(" ");
  return (
    <div class={error === null ? "field" : "field field-wrong"}>
      <label for={id}>{label}</label>
      {children({
        id,
        "aria-describedby": said === "" ? undefined : said,
        "aria-invalid": error === null ? undefined : true,
      })}
      {hint === undefined ? null : <div class="hint" id={`${id}-hint`}>{hint}</div>}
      {error === null
        ? null
        : <div class="field-error" id={`${id}-error`}>{escapeText(error)}</div>}
    </div>
  );
}

/** What could not be shown, and why. */
export function Problem({ error }: { readonly error: { readonly message: string } }): JSX.Element {
  return <div class="problem" role="alert">{escapeText(error.message)}</div>;
}

/** Instead of what has not come yet. */
export function Loading(): JSX.Element {
  return <p class="loading" role="status">Loading…</p>;
}
