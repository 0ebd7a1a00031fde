/// <reference lib="dom" />
/**
 * What an attempt has written, as it comes.
 *
 * @module
 */

import { useComputed, useSignal } from "@preact/signals";
import { Component, type JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { part } from "./api.ts";
import { CopyButton } from "./components.tsx";
import { countOf, formatFull } from "./format.ts";
import type { Span } from "./open_row.ts";
import type { OutputFeed } from "./output_feed.ts";
import {
  AT_END,
  moveWindow,
  type OutputWindow,
  type RowsKept,
  showEarlier,
} from "./output_window.ts";
import { linkTo } from "./router.ts";
import type { Row, Stream, Transcript } from "./transcript.ts";

/** Which streams are shown. */
export type StreamChoice = Stream | "both";

/** What the output is told. */
export interface OutputProps {
  readonly id: string;
  readonly feed: OutputFeed;
  /** Whose output it is; null if there is no attempt yet. */
  readonly attempt: number | null;
  readonly stream: StreamChoice;
  readonly onStream: (stream: StreamChoice) => void;
  /** More may come. */
  readonly live: boolean;
}

/** So many rows are one part of the document: what is finished in it is not looked at again. */
const BLOCK = 250;

/** About the height of a row, pixels. */
const LINE = 18;

/** Nearer to the end than this is at the end, pixels. */
const NEAR = 24;

/** The output with its controls. */
export function Output({ id, feed, attempt, stream, onStream, live }: OutputProps): JSX.Element {
  const pane = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const lastTop = useRef(0);
  const kept = useSignal<OutputWindow>(AT_END);
  const times = useSignal(false);
  const wrap = useSignal(true);
  // Each new version is another window.
  const shown = useComputed(() => {
    void feed.version.value;
    return moveWindow(kept.value, keptOf(feed.transcript));
  });
  useEffect(() => {
    kept.value = AT_END;
  }, [feed, attempt]);
  const window = shown.value;
  const transcript = feed.transcript;
  const end = transcript.dropped + transcript.size;

  const stick = () => {
    const element = pane.current;
    if (shown.peek().following && element !== null) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(stick);
  useEffect(() => {
    // Blocks out of sight have an estimated height, until they come into sight.
    const observer = new ResizeObserver(stick);
    observer.observe(rows.current!);
    return () => observer.disconnect();
  }, []);
  const follow = () => kept.value = { ...window, following: true };
  const scrolled = () => {
    const element = pane.current!;
    const isUp = element.scrollTop < lastTop.current;
    lastTop.current = element.scrollTop;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    if (atEnd && window.bottom >= end) {
      if (!kept.value.following && live) follow();
    } else if (kept.value.following && isUp) kept.value = { ...window, following: false };
  };
  const earlier = () => {
    const element = pane.current!;
    const fromEnd = element.scrollHeight - element.scrollTop;
    kept.value = showEarlier(window, keptOf(transcript));
    // What was in sight stays in sight.
    requestAnimationFrame(() => element.scrollTop = element.scrollHeight - fromEnd);
  };
  const file = (choice: StreamChoice) =>
    linkTo(`/api/jobs/${part(id)}/output`, {
      attempt: attempt === null ? null : String(attempt),
      stream: choice,
      format: "text",
    });
  return (
    <div class="output">
      <div class="output-bar">
        <StreamButtons stream={stream} onStream={onStream} />
        <Toggle label="Times" on={times.value} onChange={(on) => times.value = on} />
        <Toggle label="Wrap" on={wrap.value} onChange={(on) => wrap.value = on} />
        <span class="spring" />
        {live
          ? (
            <button
              type="button"
              class="small"
              aria-pressed={window.following}
              onClick={() =>
                window.following ? kept.value = { ...window, following: false } : follow()}
            >
              {window.following ? "Pause" : "Follow"}
            </button>
          )
          : null}
        <CopyButton text={() => transcript.text(stream === "both" ? null : stream)} />
        <a class="button small" href={file(stream)} download={`${id}-${attempt ?? 1}.log`}>
          Download
        </a>
      </div>
      <div
        ref={pane}
        class={wrap.value ? "terminal wrap" : "terminal"}
        role="region"
        aria-label="Output"
        tabIndex={0}
        onScroll={scrolled}
      >
        {window.top > transcript.dropped
          ? (
            <button type="button" class="small" onClick={earlier}>
              Show earlier ({countOf(window.top - transcript.dropped, "line")})
            </button>
          )
          : transcript.dropped > 0
          ? (
            <p class="terminal-note">
              {countOf(transcript.dropped, "earlier line")} {"are not kept here: "}
              <a href={file("both")} download={`${id}-${attempt ?? 1}.log`}>download all</a>
            </p>
          )
          : null}
        <div ref={rows}>
          <Rows transcript={transcript} window={window} stream={stream} times={times.value} />
        </div>
        {window.bottom < end
          ? (
            <button type="button" class="small" onClick={follow}>
              To the end ({countOf(end - window.bottom, "line")})
            </button>
          )
          : null}
        {transcript.isEmpty ? <p class="terminal-note">{emptyText(attempt, live)}</p> : null}
      </div>
    </div>
  );
}

function keptOf(transcript: Transcript): RowsKept {
  const { dropped, size } = transcript;
  return { first: dropped, end: dropped + size, weigh: (number) => transcript.weightOf(number) };
}

function emptyText(attempt: number | null, live: boolean): string {
  if (attempt === null) return "It has not begun.";
  return live ? "Nothing yet." : "It wrote nothing, or its output is not kept.";
}

function StreamButtons(
  { stream, onStream }: {
    readonly stream: StreamChoice;
    readonly onStream: (stream: StreamChoice) => void;
  },
): JSX.Element {
  return (
    <div class="switch" role="group" aria-label="Streams">
      {(["both", "stdout", "stderr"] as const).map((choice) => (
        <button
          type="button"
          key={choice}
          aria-pressed={choice === stream}
          onClick={() => onStream(choice)}
        >
          {choice === "both" ? "Both" : choice}
        </button>
      ))}
    </div>
  );
}

function Toggle(
  { label, on, onChange }: {
    readonly label: string;
    readonly on: boolean;
    readonly onChange: (on: boolean) => void;
  },
): JSX.Element {
  return (
    <button type="button" class="small quiet" aria-pressed={on} onClick={() => onChange(!on)}>
      {label}
    </button>
  );
}

interface RowsProps {
  readonly transcript: Transcript;
  readonly window: OutputWindow;
  readonly stream: StreamChoice;
  readonly times: boolean;
}

function Rows({ transcript, window: { top, bottom }, stream, times }: RowsProps): JSX.Element {
  const blocks: JSX.Element[] = [];
  for (let begin = top - top % BLOCK; begin < bottom; begin += BLOCK) {
    const rows = transcript.rows(Math.max(begin, top), Math.min(begin + BLOCK, bottom));
    const last = begin + BLOCK >= bottom ? transcript.openRow() : null;
    const open = last !== null && last.number < bottom ? last : null;
    blocks.push(<Block key={begin} rows={rows} open={open} stream={stream} times={times} />);
  }
  return <>{blocks}</>;
}

interface BlockProps {
  readonly rows: readonly Row[];
  /** The row that is being written; it changes. */
  readonly open: Row | null;
  readonly stream: StreamChoice;
  readonly times: boolean;
}

class Block extends Component<BlockProps> {
  override shouldComponentUpdate(next: BlockProps): boolean {
    const { rows, open, stream, times } = this.props;
    // Closed rows never change: those that begin and end with the same are the same.
    return next.stream !== stream || next.times !== times || next.open !== null || open !== null ||
      next.rows.length !== rows.length || next.rows[0] !== rows[0] ||
      next.rows.at(-1) !== rows.at(-1);
  }

  override render({ rows, open, stream, times }: BlockProps): JSX.Element {
    const all = open === null ? rows : [...rows, open];
    const shown = stream === "both"
      ? all
      : all.filter(({ kind }) => kind === stream || kind === "gap");
    return (
      // What a block out of sight is taken for, until it is seen.
      <div class="block" style={{ containIntrinsicSize: `auto ${shown.length * LINE}px` }}>
        {shown.map((row) => <Line key={row.number} row={row} times={times} />)}
      </div>
    );
  }
}

function Line({ row, times }: { readonly row: Row; readonly times: boolean }): JSX.Element {
  return (
    <div class={row.wrapped ? `line ${row.kind} wrapped` : `line ${row.kind}`}>
      {times
        ? (
          <span class="line-time" title={row.time === null ? "" : formatFull(Date.parse(row.time))}>
            {row.time === null ? "" : clockOf(new Date(row.time))}
          </span>
        )
        : null}
      {row.kind === "stderr" ? <span class="line-mark">err</span> : null}
      <span class="line-text">
        {row.spans.length === 0 ? "\n" : row.spans.map((span, at) => <Run key={at} span={span} />)}
      </span>
    </div>
  );
}

/** `14:05:09.120`, in the zone of whoever reads. */
function clockOf(time: Date): string {
  const milliseconds = String(time.getMilliseconds()).padStart(3, "0");
  return `${time.toTimeString().slice(0, 8)}.${milliseconds}`;
}

function Run({ span: { text, style } }: { readonly span: Span }): JSX.Element {
  const { classes, color, background } = style;
  if (classes === "" && color === null && background === null) return <>{text}</>;
  return (
    <span class={classes} style={{ color: color ?? "", backgroundColor: background ?? "" }}>
      {text}
    </span>
  );
}
