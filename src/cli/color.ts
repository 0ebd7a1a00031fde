/**
 * Colours, for terminals only.
 *
 * @module
 */

const CODES = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  gray: 90,
  bold: 1,
  dim: 2,
} as const;

/** A colour or a weight. */
export type Color = keyof typeof CODES;

/** When to use colours. */
export const COLOR_CHOICES = ["auto", "always", "never"] as const;
/** When to use colours. */
export type ColorChoice = typeof COLOR_CHOICES[number];

/** Puts a text in a colour if colours are on. */
export function paint(text: string, color: Color, on: boolean): string {
  return on && text !== "" ? `\x1b[${CODES[color]}m${text}\x1b[0m` : text;
}

/** Whether colours are on: `auto` means on a terminal that has them, unless `NO_COLOR` is set. */
export function wantsColor(
  choice: ColorChoice,
  isTerminal: boolean,
  env: (name: string) => string | undefined,
): boolean {
  if (choice !== "auto") return choice === "always";
  // https://no-color.org: present and not empty, whatever its value.
  return isTerminal && !env("NO_COLOR") && env("TERM") !== "dumb";
}
