/**
 * A day of a queue that looks like somebody's real work, lived within seconds by a clock of its own.
 *
 * @module
 */

import type { NewJob } from "../../src/job/job.ts";
import type { Claim } from "../../src/store/tick.ts";
import type { Queue } from "../cli/queue.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The first retry is due 2 s after a failure, milliseconds. */
const AFTER_FAILURE = 2100;

/** Always the same numbers, so that the pictures change only where the page does. */
function* chances(seed: number): Generator<number, never> {
  for (let state = seed;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** A kind of work. */
interface Kind {
  readonly queue: string;
  readonly tags: readonly string[];
  readonly command: (number: number) => string;
  /** Milliseconds that half of it takes at most. */
  readonly median: number;
  /** How many of a hundred. */
  readonly share: number;
}

const KINDS: readonly Kind[] = [
  {
    queue: "media",
    tags: ["photos"],
    command: (n) => `convert in/IMG_${n}.jpg -resize 1600x out/IMG_${n}.webp`,
    median: 1400,
    share: 45,
  },
  {
    queue: "mail",
    tags: ["newsletter"],
    command: (n) => `./send-mail --template spring --to-list ${n}`,
    median: 350,
    share: 35,
  },
  {
    queue: "reports",
    tags: ["finance"],
    command: (n) => `python3 report.py --customer ${n} --format pdf`,
    median: 6000,
    share: 15,
  },
  {
    queue: "default",
    tags: [],
    command: (n) => `rsync -a /srv/uploads/${n}/ backup:/srv/uploads/${n}/`,
    median: 12_000,
    share: 5,
  },
];

interface Event {
  readonly at: number;
  readonly run: () => Promise<void>;
}

/** Lives the day that ends now, and leaves the queue in the midst of its work. */
export async function liveADay(queue: Queue): Promise<void> {
  const chance = chances(7);
  const end = Math.floor(Date.now() / MINUTE) * MINUTE + 40 * SECOND;
  queue.now = end - 24 * HOUR;
  await queue.join("w1", { slots: 8, host: "build1" });
  for (const event of events(queue, { end, chance })) {
    queue.now = Math.round(event.at);
    await event.run();
  }
  queue.now = end;
  await leaveAtWork(queue, chance);
}

function events(
  queue: Queue,
  { end, chance }: { readonly end: number; readonly chance: Generator<number, never> },
): Event[] {
  const found: Event[] = [];
  const next = () => chance.next().value;
  for (let at = end - 24 * HOUR, number = 1; at < end - 30 * SECOND; number++) {
    const kind = kindOf(next());
    // Failed ones are quick.
    const fails = next() < 0.012;
    const took = kind.median * Math.exp((next() + next() + next() - 1.5) * 1.6) * (fails ? 0.4 : 1);
    const job = { ...jobOf(kind, number), maxRetries: fails && next() < 0.4 ? 0 : 3 };
    const claimed: { claim?: Claim } = {};
    const begin = at;
    const finish = Math.min(begin + took, end - SECOND);
    found.push({
      at: begin,
      run: async () => {
        await queue.add(job);
        claimed.claim = await queue.claim();
      },
    }, { at: finish, run: () => queue.end(claimed.claim!, fails ? 1 + number % 3 : 0) });
    const again = finish + AFTER_FAILURE;
    if (fails && job.maxRetries > 0 && again < end) {
      found.push({
        at: again,
        run: async () => queue.end(await queue.claim(), 0),
      });
    }
    const left = end - at;
    const wave = 1 + 0.5 * Math.sin(left / (11 * MINUTE)) + 0.3 * Math.sin(left / (3 * MINUTE));
    const isRecent = left < HOUR;
    at += (isRecent ? 1.6 : 30) * SECOND * (0.4 + 1.2 * next()) / wave;
  }
  return found.sort((a, b) => a.at - b.at);
}

function kindOf(chance: number): Kind {
  let left = chance * 100;
  for (const kind of KINDS) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  return KINDS[0]!;
}

function jobOf(kind: Kind, number: number): Partial<NewJob> & { readonly id: string } {
  const { queue, tags, command } = kind;
  return { id: `${queue}-${number}`, command: command(4000 + number), queue, tags: [...tags] };
}

async function leaveAtWork(queue: Queue, chance: Generator<number, never>): Promise<void> {
  const many = (count: number, from: number, more: Partial<NewJob> = {}) =>
    Array.from({ length: count }, (_, at) => ({
      ...jobOf(kindOf(chance.next().value), from + at),
      ...more,
    }));
  await queue.add(...many(6, 50_000));
  for (let slot = 0; slot < 6; slot++) await queue.claim();
  const waiting = many(148, 51_000);
  const last = waiting.at(-1)!;
  await queue.add(
    ...waiting,
    ...many(23, 52_000, { delay: HOUR }),
    ...many(4, 53_000, { held: true }),
    { ...jobOf(KINDS[2]!, 54_000), after: [{ id: last.id, on: "ok" }] },
  );
  queue.now += 9 * SECOND;
  await queue.tick();
}
