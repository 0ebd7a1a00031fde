import assert from "node:assert/strict";
import { plainTraceparent, readTraceparent } from "../../src/observe/traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("readTraceparent() reads what W3C's trace context says", () => {
  const parent = { traceId: TRACE, spanId: SPAN };
  assert.deepEqual(readTraceparent(`00-${TRACE}-${SPAN}-01`), { ...parent, flags: 1 });
  assert.deepEqual(readTraceparent(`00-${TRACE}-${SPAN}-00`), { ...parent, flags: 0 });
  // A later version may have more fields.
  assert.deepEqual(readTraceparent(`cc-${TRACE}-${SPAN}-03-more`), { ...parent, flags: 3 });
});

Deno.test("readTraceparent() takes what is malformed for nothing", () => {
  const texts = [
    ...[undefined, null, "", " ", "junk", "00", `00-${TRACE}-${SPAN}`],
    ...[`00-${TRACE}-${SPAN}-01-more`, `ff-${TRACE}-${SPAN}-01`, `0-${TRACE}-${SPAN}-01`],
    ...[`00-${TRACE.toUpperCase()}-${SPAN}-01`, `00-${"0".repeat(32)}-${SPAN}-01`],
    ...[`00-${TRACE}-${"0".repeat(16)}-01`, `00-${TRACE}0-${SPAN}-01`, `00-${TRACE}-${SPAN}-1`],
    ...[` 00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01\n`, `00-${TRACE}-${SPAN}-0g`],
  ];
  for (const text of texts) assert.equal(readTraceparent(text), null, String(text));
});

Deno.test("plainTraceparent() writes version 00, with the one flag that it knows", () => {
  assert.equal(plainTraceparent(`cc-${TRACE}-${SPAN}-fe-x`), `00-${TRACE}-${SPAN}-00`);
  assert.equal(plainTraceparent(`00-${TRACE}-${SPAN}-01`), `00-${TRACE}-${SPAN}-01`);
  assert.equal(plainTraceparent("junk"), null);
});
