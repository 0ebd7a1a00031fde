/// <reference lib="dom" />
/**
 * The way back through the pages of a list. The store gives only the next page; which one came before is
 * remembered as long as the window is open.
 *
 * @module
 */

/** So many steps are remembered. */
const MAX_STEPS = 200;

const KEY = "queuectl.trail";

/** From a link to the one before it. */
type Steps = ReadonlyMap<string, string>;

/**
 * The steps with another one, from `from` to its next page `to`.
 *
 * A step back is none, and where a page was first reached from stays.
 */
export function addStep(steps: Steps, from: string, to: string): Steps {
  if (from === to || steps.has(to) || steps.get(from) === to) return steps;
  const all = [...steps, [to, from] as const];
  return new Map(all.slice(-MAX_STEPS));
}

/** How many pages come before this one; null if nobody knows. */
export function depthOf(steps: Steps, link: string, first: string): number | null {
  let depth = 0;
  for (let at: string | undefined = link; at !== first; at = steps.get(at)) {
    if (at === undefined || depth > steps.size) return null;
    depth++;
  }
  return depth;
}

/** What the window remembers. */
export function recallSteps(): Steps {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
  } catch {
    return new Map();
  }
}

/** Makes the window remember. */
export function rememberSteps(steps: Steps): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...steps]));
  } catch {
    // Where nothing is kept, there is the browser's own way back.
  }
}
