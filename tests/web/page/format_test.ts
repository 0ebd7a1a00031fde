import { equal, match } from "node:assert/strict";
import { ApiError, fieldMessageOf } from "../../../src/web/page/api.ts";
import {
  countOf,
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatFull,
  formatSeconds,
  formatShare,
} from "../../../src/web/page/format.ts";

const NOW = Date.parse("2026-01-03T12:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

Deno.test("formatAgo() says how far a time is away, in both directions", () => {
  const away = (distance: number) => formatAgo(NOW + distance, NOW);
  equal(away(0), "just now");
  equal(away(-1400), "just now");
  equal(away(1400), "now");
  equal(away(-5900), "5s ago");
  equal(away(5 * MINUTE), "in 5m");
  equal(away(-(2 * HOUR + 23 * MINUTE)), "2h23m ago");
});

Deno.test("formatAgo() shows no seconds from a minute on", () => {
  equal(formatAgo(NOW - 59_999, NOW), "59s ago");
  equal(formatAgo(NOW - 119_999, NOW), "1m ago");
});

Deno.test("formatShare() tells none from little, and little from all", () => {
  equal(formatShare(null), "–");
  equal(formatShare(0), "0 %");
  equal(formatShare(1e-6), "< 0.1 %");
  equal(formatShare(0.0251), "2.5 %");
  equal(formatShare(0.374), "37 %");
  equal(formatShare(0.9999), "> 99.9 %");
  equal(formatShare(1), "100 %");
});

Deno.test("formatCount() and countOf() set the thousands apart", () => {
  equal(formatCount(1234567), "1,234,567");
  equal(countOf(1, "job"), "1 job");
  equal(countOf(1204, "job"), "1,204 jobs");
  equal(countOf(0, "entry", "entries"), "0 entries");
});

Deno.test("formatSeconds() takes seconds, and shows a dash for null", () => {
  equal(formatSeconds(null), "–");
  equal(formatSeconds(0.43), "430ms");
  equal(formatSeconds(95), "1m35s");
});

Deno.test("formatClock() names the day where it is another one", () => {
  match(formatClock(NOW, NOW + 1), /^\d\d:\d\d$/);
  match(formatClock(NOW - 48 * HOUR, NOW), /^[A-Z][a-z]{2} \d\d:\d\d$/);
  match(formatClock(NOW - 480 * HOUR, NOW), / 2025 \d\d:\d\d$/);
});

Deno.test("formatFull() names day, year and zone", () => {
  match(formatFull(NOW), /2026.*(GMT|UTC|[A-Z]{3})/);
});

Deno.test("formatBytes() uses the unit that keeps the number short", () => {
  equal(formatBytes(0), "0 B");
  equal(formatBytes(1536), "1.5 KiB");
  equal(formatBytes(20 * 1024 ** 2), "20 MiB");
  equal(formatBytes(3 * 1024 ** 5), "3072 TiB");
});

Deno.test("fieldMessageOf() leaves out the name of the field that it stands beside", () => {
  const about = (field: string | null, message: string) =>
    fieldMessageOf(new ApiError(400, { error: { field, message } }));
  equal(about("limit", '"limit" must be a number'), "Must be a number");
  equal(about("rate", '"limit" must be a number'), '"limit" must be a number');
  equal(about(null, "The queue is gone"), "The queue is gone");
  equal(fieldMessageOf(new Error("No answer")), "No answer");
});
