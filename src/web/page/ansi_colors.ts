/**
 * Colours that a command chose by number, so that they can be read on the dark ground of the output.
 *
 * @module
 */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

const LEVELS = [0, 95, 135, 175, 215, 255] as const;

/** The ground of the output in page.css (`--terminal`). */
const GROUND: Rgb = [16, 20, 26];

/** What WCAG 2.2 (1.4.3) asks for. */
const MIN_CONTRAST = 4.5;

/** The colour of xterm's palette from 16 on: a cube of 6 × 6 × 6, then 24 greys. */
export function paletteColor(index: number): Rgb {
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return [grey, grey, grey];
  }
  const cube = index - 16;
  return [
    LEVELS[Math.floor(cube / 36)]!,
    LEVELS[Math.floor(cube / 6) % 6]!,
    LEVELS[cube % 6]!,
  ];
}

/**
 * The colour as CSS, lighter if it could not be read.
 *
 * @param onGround whether it stands on the ground of the output; on a ground of its own it stays as it is
 */
export function readable(color: Rgb, onGround: boolean): string {
  let shown = color;
  for (
    let white = 0.1;
    onGround && white < 1 && contrast(shown, GROUND) < MIN_CONTRAST;
    white += 0.1
  ) {
    shown = color.map((part) => Math.round(part + (255 - part) * white)) as unknown as Rgb;
  }
  return `rgb(${shown.join(", ")})`;
}

/** The contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
