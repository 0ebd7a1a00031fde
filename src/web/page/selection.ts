/**
 * Which jobs of a list are chosen: some by their boxes, or all that match the filter.
 *
 * @module
 */

/** What is chosen. */
export type Selection =
  | { readonly kind: "some"; readonly ids: ReadonlySet<string>; readonly last: string | null }
  /** All that match, and how many that were when it was said; more are never acted on. */
  | { readonly kind: "all"; readonly expected: number };

/** Nothing. */
export const NOTHING: Selection = { kind: "some", ids: new Set(), last: null };

/** How many jobs are chosen. */
export function countOfSelection(selection: Selection): number {
  return selection.kind === "all" ? selection.expected : selection.ids.size;
}

/** Whether this job is. */
export function isSelected(selection: Selection, id: string): boolean {
  return selection.kind === "all" || selection.ids.has(id);
}

/**
 * Chooses a job, or no more.
 *
 * @param shown the ids on the page, in order
 * @param range all from the job chosen last to this one, as with the shift key
 */
export function toggle(
  selection: Selection,
  id: string,
  shown: readonly string[],
  range: boolean,
): Selection {
  // Whoever takes one out of all that match means those that can be seen.
  const before = selection.kind === "all" ? shown : selection.ids;
  const ids = new Set(before);
  const on = !isSelected(selection, id);
  const last = selection.kind === "some" ? selection.last : null;
  for (const each of range && last !== null ? between(shown, last, id) : [id]) {
    if (on) ids.add(each);
    else ids.delete(each);
  }
  return { kind: "some", ids, last: id };
}

/** Chooses all on the page, or none of them if they all are. */
export function togglePage(selection: Selection, shown: readonly string[]): Selection {
  if (selection.kind === "all") return NOTHING;
  const ids = new Set(selection.ids);
  const all = shown.every((id) => ids.has(id));
  for (const id of shown) {
    if (all) ids.delete(id);
    else ids.add(id);
  }
  return { kind: "some", ids, last: null };
}

/** How the box above the page looks. */
export function pageMark(selection: Selection, shown: readonly string[]): "none" | "some" | "all" {
  const count = shown.filter((id) => isSelected(selection, id)).length;
  if (count === 0) return "none";
  return count === shown.length ? "all" : "some";
}

function between(shown: readonly string[], a: string, b: string): readonly string[] {
  const [from, to] = [shown.indexOf(a), shown.indexOf(b)].sort((x, y) => x - y) as [number, number];
  return from === -1 ? [b] : shown.slice(from, to + 1);
}
