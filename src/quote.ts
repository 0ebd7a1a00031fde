/**
 * A piece of someone's input inside a message.
 *
 * @module
 */

/** What is longer is cut: a message is one sentence, however long the input was. */
const LONGEST = 60;

/** The input in double quotes, with what would break the line escaped, cut after 60 characters. */
export function quote(input: string): string {
  if (input.length <= LONGEST) return JSON.stringify(input);
  return JSON.stringify(input.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "")) + "…";
}
