/**
 * What is wrong with a JSON text.
 *
 * @module
 */

/**
 * The reason that `JSON.parse()` gives. V8 repeats ten characters before and after the place, which in a
 * job with `env` may be a part of a value that is never shown.
 *
 * @param text what could not be parsed
 */
export function jsonProblem(error: Error, text: string): string {
  return /env/i.test(text)
    ? error.message.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, "")
    : error.message;
}
