/**
 * Histories in a form that people read: a line a step, and of each step only what is out of the ordinary.
 *
 * @module
 */

import type { Step } from "./steps.ts";

/** A history as text. */
export function printHistory(steps: readonly Step[]): string {
  return steps.map(({ handle, what: { kind, ...rest } }, index) =>
    `${String(index + 1).padStart(5)}. [${handle}] ${kind} ${print(rest)}`.trimEnd()
  ).join("\n");
}

/** Like JSON, without the noise and without what is false, null or empty. */
function print(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(print).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.entries(value).filter(([, field]) => !isNothing(field));
  return fields.map(([name, field]) => `${name}=${wrap(field)}`).join(" ");
}

function wrap(value: unknown): string {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? `(${print(value)})` : print(value);
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === false ||
    (Array.isArray(value) && value.length === 0);
}
