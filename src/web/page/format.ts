/**
 * Numbers and times as the page shows them. Pure.
 *
 * @module
 */

import { formatElapsed } from "../../elapsed.ts";

const COUNT = new Intl.NumberFormat("en-US");

/** A whole number with its thousands apart: `1,234,567`. */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** `1 job`, `2 jobs`. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** A word or a sentence as it begins: `must be a number` is `Must be a number`. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A part of a whole: `0 %`, `< 0.1 %`, `2.5 %`, `37 %`; a dash for null. */
export function formatShare(share: number | null): string {
  if (share === null) return "–";
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  if (percent < 100 && percent > 99.9) return "> 99.9 %";
  return `${percent < 10 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`;
}

/** About how long, `1.3s`; a dash for null. */
export function formatSeconds(seconds: number | null): string {
  return seconds === null ? "–" : formatElapsed(seconds * 1000);
}

/**
 * How long ago, or how long until: `just now`, `5m ago`, `in 3h20m`. Seconds only below a minute: what
 * changes all the time draws the eye.
 *
 * @param time milliseconds since the epoch
 * @param now the same
 */
export function formatAgo(time: number, now: number): string {
  const away = time - now;
  if (Math.abs(away) < 1500) return away > 0 ? "now" : "just now";
  const size = Math.abs(away) < 60_000 ? 1000 : 60_000;
  const length = formatElapsed(Math.floor(Math.abs(away) / size) * size);
  return away > 0 ? `in ${length}` : `${length} ago`;
}

/** The time in full, in the zone of whoever reads: `Sat, 3 Jan 2026, 14:05:09.120 GMT+1`. */
export function formatFull(time: number): string {
  return FULL.format(time);
}

const FULL = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

/** The time as a clock shows it: `14:05`, with the day where it is another one: `Mon 14:05`. */
export function formatClock(time: number, now: number): string {
  const sameDay = new Date(time).toDateString() === new Date(now).toDateString();
  const clock = CLOCK.format(time);
  if (sameDay) return clock;
  const near = Math.abs(time - now) < 6 * 86_400_000;
  return `${(near ? WEEKDAY : DAY).format(time)} ${clock}`;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** A size in bytes: `0 B`, `1.5 KiB`, `20 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let at = 0;
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at++;
  }
  return `${size < 10 && at > 0 ? Math.round(size * 10) / 10 : Math.round(size)} ${units[at]}`;
}
