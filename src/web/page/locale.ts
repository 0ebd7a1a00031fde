/// <reference lib="dom" />
/**
 * Mends the browser's language where it is none. Imported before everything else, because uPlot hands it to
 * `Intl` as it loads: with `LANG=C` Chromium says `en-US@posix`, at which `Intl` throws.
 *
 * @module
 */

try {
  new Intl.NumberFormat(navigator.language);
} catch {
  Object.defineProperty(navigator, "language", { value: "en-US", configurable: true });
}
