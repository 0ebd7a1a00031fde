import { strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { formatSize, parseSize } from "../src/size.ts";

Deno.test("parseSize() reads bytes and units", () => {
  const expected: Record<string, number> = {
    "0": 0,
    "1000000": 1_000_000,
    "10B": 10,
    "512KiB": 524_288,
    "1 MiB": 1_048_576,
    "16mib": 16_777_216,
    "1.5MiB": 1_572_864,
    "2MB": 2_000_000,
    "3kB": 3000,
    "4K": 4096,
    "1G": 1_073_741_824,
  };
  for (const [text, bytes] of Object.entries(expected)) strictEqual(parseSize(text), bytes);
});

Deno.test("parseSize() refuses what is no size", () => {
  for (
    const text of ["", "KiB", "-1", "1.5", "1e3", "1 TiB", "Infinity", "1KiB2", "9".repeat(20)]
  ) {
    throws(() => parseSize(text), /^RangeError: must be a size such as .*, not "/);
  }
});

Deno.test("formatSize() is read back by parseSize()", () => {
  strictEqual(formatSize(1_048_576), "1MiB");
  strictEqual(formatSize(1_000_000), "1000000");
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => {
    strictEqual(parseSize(formatSize(bytes)), bytes);
  }));
});
