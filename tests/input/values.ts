/**
 * Values of flags and arguments: nearly right ones of every kind there is.
 *
 * @module
 */

import fc from "fast-check";
import { argument, near } from "./texts.ts";

/** A duration, or nearly one. */
export const duration = near(
  "90",
  "250ms",
  "1h30m",
  "2d",
  "1.5s",
  ".5",
  "0",
  "36525d",
  "1d2h3m4s5ms",
  "none",
);

/** A point in time, or nearly one. */
export const time = near(
  ...[
    "2030-01-31T18:00:00Z",
    "2030-01-31 18:00",
    "2030-01-31T18:00:00.123456789+14:00",
    "0001-01-01T00:00Z",
  ],
  ...[
    "9999-12-31T23:59:60Z",
    "2030-02-29T00:00Z",
    "2030-01-31T24:00Z",
    "2030-01-31t18:00z",
    "1969-12-31T23:59Z",
  ],
  ...["2030-01-31T18:00:00-23:59", "+010000-01-01T00:00Z", "2030-03-31T02:30:00"],
);

/** A cron expression, or nearly one. */
export const cron = near(
  ...[
    "* * * * *",
    "*/5 0-6 1,15 * mon-fri",
    "0 0 29 2 *",
    "@daily",
    "@reboot",
    "0 0 31 2 *",
    "*/0 * * * *",
  ],
  ...[
    "* * * * * *",
    "0 0 L * *",
    "0 0 * * 5#2",
    "59 23 31 12 7",
    "0 0 1W * ?",
    "1-0 * * * *",
    "*/999 * * * *",
  ],
);

/** A time zone, or nearly one. */
export const timezone = near(
  "Europe/Berlin",
  "UTC",
  "Asia/Kathmandu",
  "Etc/GMT+5",
  "+05:30",
  "berlin",
  "America/Argentina/Salta",
);

/** A number, or nearly one. */
export const number = near(
  ...[
    "0",
    "1",
    "-1",
    "3",
    "100",
    "1e3",
    "1e400",
    "-0",
    "+5",
    "0x10",
    "1_000",
    "٣",
    "3.",
    ".5",
    "NaN",
    "Infinity",
  ],
  ...["9007199254740993", "00", "1 000", "1,000"],
);

/** A value of any kind. */
export const anyValue: fc.Arbitrary<string> = fc.oneof(
  argument,
  duration,
  time,
  cron,
  timezone,
  number,
  near(
    "job1",
    "job1=any",
    "a,b",
    "A=1",
    "__proto__=1",
    "mail",
    "default",
    "pending,dead",
    "1,64,255",
    "10/1m",
    "1MiB",
  ),
  near(
    "enqueue",
    "json",
    "text",
    "auto",
    "high",
    "all",
    "bash",
    "created",
    "state",
    "return",
    "true",
    "{}",
    "[]",
    "@x",
  ),
);

/** What names a job that is there, or nearly. */
export const part = near(
  "aaaa",
  "job-a",
  "job-b",
  "job-",
  "ob-a",
  "JOB-A",
  "job_",
  "%",
  "____",
  "job*",
  "../a",
  "job-a ",
);
