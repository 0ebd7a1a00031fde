/**
 * Outputs that are compared as a whole with a file. `UPDATE_GOLDEN=1` writes them anew.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";

/** Compares a text with `golden/NAME.txt`; one that is missing is empty. */
export async function assertGolden(name: string, text: string): Promise<void> {
  const file = new URL(`golden/${name}.txt`, import.meta.url);
  if (Deno.env.get("UPDATE_GOLDEN")) await Deno.writeTextFile(file, text);
  const golden = await Deno.readTextFile(file).catch(() => "");
  strictEqual(text, golden, `${file.pathname} differs; UPDATE_GOLDEN=1 writes it anew`);
}
