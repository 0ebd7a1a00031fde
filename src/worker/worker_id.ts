/**
 * The ids of workers.
 *
 * @module
 */

/** A name, and six hex digits: enough to tell the workers of a store apart, short enough to type. */
export function newWorkerId(name: string | null): string {
  const bytes = crypto.getRandomValues(new Uint8Array(3));
  const suffix = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${name ?? "worker"}-${suffix}`;
}
