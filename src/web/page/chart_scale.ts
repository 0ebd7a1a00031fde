/**
 * Where the values of a chart lie. Pure.
 *
 * @module
 */

/** The marks of a logarithmic axis of durations, in seconds: those that people think in. */
export const MARKS: readonly number[] = [
  0.001,
  0.01,
  0.1,
  1,
  10,
  60,
  600,
  3600,
  36_000,
  86_400,
  864_000,
  8_640_000,
];

/** The marks from `low` to `high`, both included. */
export function marksIn(low: number, high: number): number[] {
  return MARKS.filter((mark) => mark >= low && mark <= high);
}

/**
 * From one mark to another, with all values between them.
 *
 * @param low the smallest value; null if there is none
 * @param high the largest
 */
export function logRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0.1, 10];
  const from = MARKS.findLastIndex((mark) => mark <= low);
  const to = MARKS.findIndex((mark, at) => mark >= high && at > from);
  return [MARKS[Math.max(0, from)]!, to < 0 ? high : MARKS[to]!];
}

/** A logarithm has no zero: what took no time is drawn at the first mark. */
export function aboveZero(value: number | null): number | null {
  return value === null ? null : Math.max(value, MARKS[0]!);
}

/**
 * The tops of bars that stand on each other: the last kind on the ground, the first one at the top. Those
 * behind are drawn first and reach down to the ground.
 */
export function stackTops(
  kinds: readonly (readonly (number | null)[])[],
): (number | null)[][] {
  return kinds.map((values, kind) =>
    values.map((value, step) => {
      if (value === null) return null;
      return kinds.slice(kind + 1).reduce((sum, below) => sum + (below[step] ?? 0), value);
    })
  );
}

/** How long a step is, in the unit of the times; 60 if there is only one. */
export function stepOf(times: ArrayLike<number>): number {
  return times.length < 2 ? 60 : times[1]! - times[0]!;
}
