/**
 * What a tick writes down of the attempts that it settles, for the statistics. It is part of every tick of a busy
 * worker, so it is made to cost little: text that is quickly put together, in one row.
 *
 * @module
 */

import type { OutcomeKind } from "../../job/outcome.ts";
import { bucketOf } from "../../observe/durations.ts";
import { send, type Work } from "./work.ts";

/** The shortest step of the statistics, milliseconds. */
export const MINUTE = 60_000;

/** Attempts of one queue that ended alike, in one minute and with about the same duration. */
export interface Alike {
  /** When the minute began. */
  readonly minute: number;
  readonly queue: string;
  readonly outcome: OutcomeKind;
  readonly bucket: number;
  attempts: number;
  /** Of all of them together, milliseconds. */
  duration: number;
}

/** The attempts that one tick settles. Most end alike, so they are few entries. */
export class EndedAttempts {
  readonly #all: Alike[] = [];

  /** An attempt ended. */
  note(queue: string, outcome: OutcomeKind, startedAt: number, finishedAt: number): void {
    const duration = Math.max(0, Math.round(finishedAt - startedAt));
    const minute = Math.floor(finishedAt / MINUTE) * MINUTE;
    const bucket = bucketOf(duration);
    for (const alike of this.#all) {
      if (
        alike.bucket === bucket && alike.queue === queue && alike.outcome === outcome &&
        alike.minute === minute
      ) {
        alike.attempts++;
        alike.duration += duration;
        return;
      }
    }
    this.#all.push({ minute, queue, outcome, bucket, attempts: 1, duration });
  }

  /** As the list that one tick writes down; null if none ended. */
  text(): string | null {
    if (this.#all.length === 0) return null;
    let list = "";
    for (const { minute, queue, outcome, bucket, attempts, duration } of this.#all) {
      // As JSON, which has no line break in it: what one tick writes must not stop all that come after it.
      const name = JSON.stringify(queue);
      list += `${minute} ${name} ${outcome} ${bucket} ${attempts} ${duration}\n`;
    }
    return list;
  }

  /** Within a transaction: writes them down. */
  *store(): Work<void> {
    const list = this.text();
    if (list !== null) yield* send("INSERT INTO ended_attempts (list) VALUES (?)", list);
  }
}

/** What some lists say together. */
export function readLists(lists: readonly string[]): Alike[] {
  const all = new Map<string, Alike>();
  for (const line of lists.join("").split("\n")) {
    if (line === "") continue;
    const at = line.lastIndexOf(" ", line.lastIndexOf(" ") - 1);
    const key = line.slice(0, at);
    const [attempts, duration] = line.slice(at + 1).split(" ").map(Number) as [number, number];
    const alike = all.get(key);
    if (alike === undefined) {
      const [, minute, name, outcome, bucket] = /^(\S+) (.*) (\S+) (\S+)$/s.exec(key)!;
      all.set(key, {
        ...{ minute: Number(minute), queue: JSON.parse(name!) as string },
        ...{ outcome: outcome as OutcomeKind, bucket: Number(bucket), attempts, duration },
      });
    } else {
      alike.attempts += attempts;
      alike.duration += duration;
    }
  }
  return [...all.values()];
}
