import { deepStrictEqual, throws } from "node:assert/strict";
import { QueuectlError } from "../../src/errors.ts";
import { readJobs, readLines } from "../../src/intake/job_input.ts";
import { validateAll } from "../../src/intake/valid_jobs.ts";

/** Texts, and the key and the place that the error is about. */
const WRONG: readonly (readonly [text: string, field: string | null, line: number | null])[] = [
  ['{"priority":1}', "command", null],
  ['{"command":"x","timeoutSeconds":"soon"}', "timeout", null],
  ['{"command":"x","maxRetries":1,"max_retries":1}', "max_retries", null],
  ['{"command":"x","delay":1,"run_at":"2030-01-31T18:00Z"}', "run_at", null],
  ['{"command":"x","env":{"A":1}}', "env", null],
  ['{"command":"x","env":["A"]}', "env", null],
  ['{"command":"x","state":"dead"}', "state", null],
  ['{"command":"x","qeue":"a"}', "qeue", null],
  ["7", null, null],
  ['[{"command":"x"},{"command":""}]', "command", 2],
  ['{"command":"x"}\n\n{"command":"x","tags":"a"}', "tags", 3],
  ['{"command":"x"}\n{', null, 2],
  ['[{"command":"x","id":"a"},{"command":"x","id":"a"}]', "id", 2],
  ['{"command":"x","unique_key":"k"}\n{"command":"x","unique_key":"k"}', "unique_key", 2],
  ['[{"command":"x"},{"id":"a","command":"x","after":["a"]}]', "after", 2],
];

Deno.test("validateAll() says which key of which job an error is about", () => {
  for (const [text, field, line] of WRONG) {
    throws(() => validateAll(readJobs(text).jobs, {}, "fail"), (error) => {
      deepStrictEqual(error instanceof QueuectlError && [error.field, error.line], [field, line]);
      return true;
    }, text);
  }
});

Deno.test("readLines() takes a single line for a list, and names the line that is no JSON", () => {
  deepStrictEqual(readLines('{"command":"x"}\r\n'), [{
    value: { command: "x" },
    where: "Line 1: ",
  }]);
  throws(() => readLines('\n{"command":'), { line: 2, message: /^Line 2: Not valid JSON/ });
});
