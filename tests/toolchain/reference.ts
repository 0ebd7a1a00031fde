/**
 * Writes the generated parts of the README: `deno task reference`.
 *
 * @module
 */

import { REPOSITORY } from "./folders.ts";
import { fillBlocks } from "./readme_blocks.ts";
import { referenceBlocks } from "./reference_blocks.ts";

const path = `${REPOSITORY}README.md`;
const blocks = await referenceBlocks();
const before = await Deno.readTextFile(path);
const after = fillBlocks(before, blocks);
if (after !== before) await Deno.writeTextFile(path, after);
console.log(after === before ? "The README is up to date" : "The README is written anew");
