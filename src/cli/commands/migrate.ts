/**
 * `queuectl migrate`
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type Moved, type MovePhase, moveStore, reopenStore } from "../../moving/move_store.ts";
import { countOf } from "../../numbers.ts";
import type { Store } from "../../store/store.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import * as flag from "../flags.ts";
import { type ProgressBar, progressBar } from "../progress_bar.ts";

const ADDRESS = { placeholder: "PATH|URL", complete: "file" } as const;

function readAddress(text: string): string {
  if (text === "") throw new RangeError("must be a path or a URL, not empty");
  return text;
}

/** Moves a whole store. */
export const command = defineCommand({
  description: [
    "All of it goes along: jobs with their attempts, output, input and environment, what waits for what, queues, " +
    "schedules, settings and statistics. Both stores may be SQLite files or PostgreSQL. The new one must be empty or " +
    "not be there yet, and no worker may run on either; what workers that died have left is cleared away first.",
    "From its beginning on nobody else can use either store, older programs neither. If it is interrupted, run it " +
    "again: it goes on where it was. At the end both are compared row by row.",
    "The old store stays as it is, as a backup, and refuses to be used. To use it again, or to give up a move that is " +
    "not done: --reopen. Then do not use the other one, or its jobs run twice.",
  ],
  usage: ["[--from PATH|URL] --to PATH|URL [flags]", "--reopen PATH|URL [flags]"],
  flags: {
    from: flag.value(readAddress, {
      ...ADDRESS,
      summary: "The store that is to be moved",
      defaultText: "that of --db",
    }),
    to: flag.value(readAddress, { ...ADDRESS, summary: "Where it is to be" }),
    reopen: flag.value(readAddress, {
      ...ADDRESS,
      summary: "Let a store be used again that was moved away",
    }),
  },
  args: {},
  examples: [
    ["queuectl migrate --to 'postgres://queuectl@db.example/jobs'", "To a server"],
    ["queuectl migrate --from 'postgres://queuectl@db.example/jobs' --to jobs.db", "And back"],
    ["queuectl migrate --reopen ~/.local/share/queuectl/queue.db", "Use the old one again"],
  ],
  exitCodes: [
    ["4", "A worker runs on either store, the new one is not empty, or they belong to other moves"],
  ],
  async run(context, { flags: { from, to, reopen } }) {
    if (reopen !== undefined) {
      if (from !== undefined || to !== undefined) {
        throw new UsageError("--reopen stands alone, without --from and --to");
      }
      await using store = await open(context, { create: false }, reopen);
      return await sayReopened(context, store, (await reopenStore(store)).other);
    }
    if (to === undefined) {
      throw new UsageError("Say where the store is to be: queuectl migrate --to PATH|URL");
    }
    await using store = await open(context, { create: false }, from);
    await sayMoved(context, store, await moveWithBar(context, store, to));
  },
});

function open(context: Context, options: { create: boolean }, db: string | undefined) {
  return context.openStore({ ...options, marked: true }, db);
}

async function moveWithBar(context: Context, store: Store, to: string): Promise<Moved> {
  await using bars = new Bars(context);
  return await moveStore(store, ({ create }) => open(context, { create }, to), {
    now: () => context.now(),
    newId: () => crypto.randomUUID(),
    progress: (phase, rows, total) => bars.update(phase, rows, total),
  });
}

const LABELS: Readonly<Record<MovePhase, string>> = {
  moving: "Moving, rows",
  comparing: "Comparing, rows",
};

/** A bar for each phase, one after the other. */
class Bars implements AsyncDisposable {
  readonly #context: Context;
  #phase: MovePhase | null = null;
  #bar: ProgressBar | null = null;

  constructor(context: Context) {
    this.#context = context;
  }

  update(phase: MovePhase, rows: number, total: number): void {
    if (phase !== this.#phase) {
      this.#phase = phase;
      this.#bar = progressBar(this.#context, { label: LABELS[phase], total });
    }
    this.#bar!.update(rows);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bar?.[Symbol.asyncDispose]();
  }
}

async function sayMoved(
  { stdout, stderr, json }: Context,
  { location: from }: Store,
  { location: to, jobs, isResumed }: Moved,
): Promise<void> {
  if (json) return await stdout.json({ from, to, jobs, resumed: isResumed });
  await stdout.line(`Moved ${countOf(jobs, "job")} from ${from} to ${to}`);
  await stderr.line(
    `Workers and commands find it by --db or QUEUECTL_DB; the old store stays as a backup and refuses to be used`,
  );
}

async function sayReopened(
  { stdout, stderr, json }: Context,
  { location }: Store,
  other: string,
): Promise<void> {
  if (json) return await stdout.json({ reopened: location, other });
  await stdout.line(`${location} can be used again`);
  await stderr.line(`Do not use ${other} any more: the same jobs would run from both`);
}
