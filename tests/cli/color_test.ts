import { strictEqual } from "node:assert/strict";
import { paint, wantsColor } from "../../src/cli/color.ts";

Deno.test("wantsColor() heeds the flag, then NO_COLOR and the terminal", () => {
  const env = (vars: Record<string, string>) => (name: string) => vars[name];
  strictEqual(wantsColor("auto", true, env({})), true);
  strictEqual(wantsColor("auto", false, env({})), false);
  strictEqual(wantsColor("auto", true, env({ NO_COLOR: "1" })), false);
  strictEqual(wantsColor("auto", true, env({ NO_COLOR: "" })), true);
  strictEqual(wantsColor("auto", true, env({ TERM: "dumb" })), false);
  strictEqual(wantsColor("always", false, env({ NO_COLOR: "1" })), true);
  strictEqual(wantsColor("never", true, env({})), false);
});

Deno.test("paint() writes nothing but the text where colours are off", () => {
  strictEqual(paint("x", "red", false), "x");
  strictEqual(paint("x", "red", true), "\x1b[31mx\x1b[0m");
  strictEqual(paint("", "red", true), "");
});
