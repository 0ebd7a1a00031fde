import { deepStrictEqual } from "node:assert/strict";
import { startLog } from "../../src/observe/log.ts";

Deno.test("startLog() writes JSON whose message is the text alone, whatever is in it", () => {
  const written: string[] = [];
  const listen = startLog({
    level: "info",
    format: "json",
    write: (text) => written.push(text),
  });
  listen({ type: "store_away", error: 'a "b" {c} {{d}} 100%', leftToRun: null }, 0);
  const { message, level } = JSON.parse(written.join(""));
  deepStrictEqual([level, message], [
    "ERROR",
    'a "b" {c} {{d}} 100%; running jobs go on, no new ones start',
  ]);
});
