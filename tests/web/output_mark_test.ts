import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { type OutputPlace, readPlace, writePlace } from "../../src/web/output_mark.ts";

const PLACE: OutputPlace = {
  job: "a/b:@c",
  attempt: 3,
  mark: { position: 9_007_199_254, stdout: 5, stderr: 0 },
  begun: { stdout: new Uint8Array([0xe2, 0x82]), stderr: new Uint8Array() },
};

Deno.test("readPlace() reads what writePlace() has written, which fits into a header", () => {
  const text = writePlace(PLACE);
  match(text, /^[\x21-\x7e]+$/);
  deepStrictEqual(readPlace(text, PLACE.job), PLACE);
});

Deno.test("readPlace() takes neither a place of another job nor what is none", () => {
  const text = writePlace({ ...PLACE, job: "job1" });
  const wrong = [
    "",
    "x",
    text.slice(0, -1),
    `${text}*`,
    text.replace("3*", "-3*"),
    text.replace("3*", "3.5*"),
    text.replace("3*", "1e9*"),
    text.replace("*5*", "*9007199254740993*"),
    text.replace("4oI=", "4"),
    text.replace("4oI=", "4oI4oI=="),
    text.replace("4oI=", "é"),
  ];
  for (const each of wrong) strictEqual(readPlace(each, "job1"), null, each);
  strictEqual(readPlace(text, "job2"), null);
  strictEqual(readPlace(null, "job1"), null);
});
