/**
 * Commands that act on several jobs, on each by itself.
 *
 * @module
 */

import { ConflictError, NotFoundError } from "../errors.ts";
import { escapeText } from "../escape.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { report } from "./report.ts";

/** The exit codes for the help of a command that acts on several jobs. */
export const EACH_EXIT_CODES = [
  ["3", "A job is not known; the others were acted on"],
  ["4", "All are known, but a job's state does not allow it"],
] as const;

/** What is done to a job: it returns a sentence that says what was done. */
export type Action = (id: string) => Promise<string>;

/** Why nothing was done for an id. */
export type Refusal = NotFoundError | ConflictError;

/**
 * Acts on jobs, all at once, and says what became of each, in the order of the arguments; in JSON an array
 * of `{id, ok, error}`.
 *
 * @param words ids, or parts of them
 * @returns the exit code: 3 if any was unknown, else 4 if any was refused
 */
export async function actOnEach(
  context: Context,
  store: Store,
  words: readonly string[],
  act: Action,
): Promise<number> {
  return await actOnAll(context, await resolveAll(store, words), act);
}

/**
 * The same for what is known by its name alone, such as queues.
 *
 * @param key what the id is called in JSON
 */
export async function actOnAll(
  context: Context,
  targets: readonly Target[],
  act: Action,
  key: "id" | "name" = "id",
): Promise<number> {
  const results = targets.map(({ id, refusal }) => refusal ?? orRefusal(() => act(id)));
  // What is not a refusal comes up in its turn; until then nobody listens.
  for (const result of results) Promise.resolve(result).catch(() => {});
  const printed: unknown[] = [];
  const refusals: Refusal[] = [];
  for (const [i, { id }] of targets.entries()) {
    const result = await results[i]!;
    if (typeof result !== "string") refusals.push(result);
    printed.push(
      typeof result === "string"
        ? { [key]: id, ok: true, error: null }
        : { [key]: id, ok: false, error: result.message },
    );
    if (context.json) continue;
    if (typeof result === "string") await context.stdout.line(escapeText(result));
    else report(result, context);
  }
  if (context.json) await context.stdout.json(printed);
  if (refusals.length === 0) return 0;
  return refusals.some((refusal) => refusal instanceof NotFoundError) ? 3 : 4;
}

/** What is to be acted on. */
export interface Target {
  /** In full, if there is such a job. */
  readonly id: string;
  /** Why nothing can be done. */
  readonly refusal: Refusal | null;
}

/** The jobs that are meant, each once. */
async function resolveAll(store: Store, words: readonly string[]): Promise<Target[]> {
  const targets = new Map<string, Target>();
  for (const word of words) {
    const result = await orRefusal(() => store.resolve(word));
    if (typeof result === "string") targets.set(result, { id: result, refusal: null });
    else targets.set(word, { id: word, refusal: result });
  }
  return [...targets.values()];
}

async function orRefusal(work: () => Promise<string>): Promise<string | Refusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ConflictError) return error;
    throw error;
  }
}
