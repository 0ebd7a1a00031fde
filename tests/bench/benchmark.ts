/**
 * What a benchmark is, how it is measured, and when its target is met.
 *
 * @module
 */

/** How many turns count if neither the benchmark nor the caller says. */
const REPEATS = 5;

/** One of those that are compared. */
export interface Contestant {
  readonly name: string;
  /**
   * Does the work once, checks that it was done, and returns the figure in the benchmark's unit, or
   * several by their keys: each becomes a line `NAME, KEY`, and a key whose unit is another says so.
   * What is not to be measured happens outside of the part that it times.
   *
   * @throws if the work was not done
   */
  run(): Promise<number | Readonly<Record<string, number>>>;
}

/** What a line has to reach: a ratio of another's median, or a figure. */
export interface Target {
  /** A contestant's name, or `NAME, KEY`. */
  readonly of: string;
  /** The line to compare with; a figure is meant if absent. */
  readonly against?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** A question that is answered by measuring. */
export interface Benchmark {
  /** For `--only`. */
  readonly name: string;
  /** What is measured. */
  readonly title: string;
  /** What the figures are in. */
  readonly unit: string;
  readonly targets: readonly Target[];
  /** How many turns count if `--repeats` does not say: for what takes long. */
  readonly repeats?: number;
  /** Whether a first turn is left out of the figures, to warm the caches: yes if absent. */
  readonly warmUp?: boolean;
  /**
   * Makes the contestants that this machine has; `folder` is theirs and removed afterwards, and what they
   * share is ended with `cleanUp`.
   */
  prepare(folder: string, cleanUp: AsyncDisposableStack): Promise<readonly Contestant[]>;
}

/** The figures of one contestant, or of one key of it. */
export interface Measured {
  readonly name: string;
  /** Which of several figures this is. */
  readonly key?: string;
  readonly figures: readonly number[];
  readonly median: number;
}

/** Whether a target was met; `value` is the ratio or the figure, null where a contestant is absent. */
export interface Verdict {
  readonly target: Target;
  readonly value: number | null;
  readonly met: boolean | null;
}

/** All that came out of one benchmark. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly contestants: readonly Measured[];
  readonly verdicts: readonly Verdict[];
}

/** The middle one, or the mean of the two in the middle; `NaN` of nothing. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Compares medians with a target. */
export function judge(target: Target, contestants: readonly Measured[]): Verdict {
  const find = (name: string) => contestants.find((contestant) => contestant.name === name)?.median;
  const figure = find(target.of);
  const base = target.against === undefined ? 1 : find(target.against);
  if (figure === undefined || base === undefined) return { target, value: null, met: null };
  const value = figure / base;
  const met = value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
  return { target, value, met };
}

/**
 * Runs every contestant so many times, in turns, so that what slows the machine for a while slows all
 * of them; a first turn that warms the caches does not count.
 *
 * @throws if a contestant did not do its work
 */
export async function measure(
  benchmark: Benchmark,
  { repeats, folder, progress }: {
    /** Instead of the benchmark's own. */
    readonly repeats?: number | undefined;
    readonly folder: string;
    readonly progress: (sentence: string) => void;
  },
): Promise<Result> {
  const { name, title, unit, targets, warmUp = true } = benchmark;
  const turns = repeats ?? benchmark.repeats ?? REPEATS;
  await using cleanUp = new AsyncDisposableStack();
  const prepared = await benchmark.prepare(folder, cleanUp);
  const lines = prepared.map(({ name }) => ({ name, figures: new Map<string | null, number[]>() }));
  for (let turn = warmUp ? 0 : 1; turn <= turns; turn++) {
    for (const [index, contestant] of prepared.entries()) {
      progress(`${name}: turn ${turn} of ${turns}, ${contestant.name}`);
      const found = await contestant.run();
      if (turn > 0) add(found, lines[index]?.figures);
    }
  }
  const contestants = lines.flatMap(({ name, figures }) =>
    Array.from(figures, ([key, figures]) => ({
      name: key === null ? name : `${name}, ${key}`,
      ...(key === null ? {} : { key }),
      figures,
      median: median(figures),
    }))
  );
  const verdicts = targets.map((target) => judge(target, contestants));
  return { name, title, unit, contestants, verdicts };
}

/** Adds what one run gave to the figures of its contestant; null is the key of a single figure. */
function add(
  found: Awaited<ReturnType<Contestant["run"]>>,
  figures: Map<string | null, number[]> = new Map(),
): void {
  const entries: readonly (readonly [string | null, number])[] = typeof found === "number"
    ? [[null, found]]
    : Object.entries(found);
  for (const [key, figure] of entries) figures.set(key, [...figures.get(key) ?? [], figure]);
}
