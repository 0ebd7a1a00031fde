/**
 * Arguments that are not text. Deno gives each byte that is not UTF-8 as U+FFFD: the command would be
 * another one than was typed.
 *
 * @module
 */

const NUL = 0;

/**
 * The place of the first argument that was not UTF-8, counted from 0; null if all were, or where that cannot
 * be found out.
 *
 * @param args as Deno gives them
 * @param commandLine the process's own as the kernel keeps it: words that each end with a NUL, the last of
 * which are the arguments. It is only asked for if it matters
 */
export function garbledArg(
  args: readonly string[],
  commandLine: () => Uint8Array,
): number | null {
  // Somebody may have typed the character itself.
  if (!args.some((arg) => arg.includes("\ufffd"))) return null;
  let bytes: Uint8Array;
  try {
    bytes = commandLine();
  } catch {
    return null;
  }
  const found = wordsOf(bytes).slice(-args.length).findIndex((word) => !isUtf8(word));
  return found < 0 ? null : found;
}

function wordsOf(bytes: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NUL, start);
    words.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = end < 0 ? bytes.length : end + 1;
  }
  return words;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
