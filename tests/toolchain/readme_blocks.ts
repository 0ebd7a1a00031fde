/**
 * Parts of the README that are written by a program, each between two comments that name it. What is
 * around them is written by hand.
 *
 * @module
 */

/** The name of the task that writes them. */
export const REFERENCE_TASK = "deno task reference";

/** The README does not have the marks of a block, or has them twice. */
export class BlockError extends Error {
  override name = "BlockError";
}

function marks(name: string, task: string): { readonly begin: string; readonly end: string } {
  return {
    begin: `<!-- begin ${name}: written by \`${task}\` -->\n` +
      "<!-- deno-fmt-ignore-start -->\n",
    end: `<!-- deno-fmt-ignore-end -->\n<!-- end ${name} -->\n`,
  };
}

/**
 * The text with what the blocks are to hold.
 *
 * @param blocks Markdown by the name of the block
 * @param task what writes them
 * @throws {BlockError} if a block is not there exactly once, with both of its marks
 */
export function fillBlocks(
  text: string,
  blocks: ReadonlyMap<string, string>,
  task = REFERENCE_TASK,
): string {
  let filled = text;
  for (const [name, markdown] of blocks) {
    const { begin, end } = marks(name, task);
    const [before = "", inside, ...more] = filled.split(begin);
    const at = inside?.indexOf(end) ?? -1;
    if (inside === undefined || at < 0 || more.length > 0) {
      throw new BlockError(
        `The README must have the block "${name}" once; it begins and ends with\n${begin}${end}`,
      );
    }
    filled = `${before}${begin}\n${markdown.trim()}\n\n${inside.slice(at)}`;
  }
  return filled;
}
