import { deepEqual, equal } from "node:assert/strict";
import { array, assert, integer, property } from "fast-check";
import { EventParser, type ServerEvent } from "../../../src/web/page/event_stream.ts";

const STREAM =
  'id: 7\nevent: status\ndata: {"a":1}\n\n: still here\n\nevent: output\r\ndata: one\r\n' +
  "data:  two\r\n\r\ndata: plain\rid: 9\r\r\n";
const EVENTS: readonly ServerEvent[] = [
  { event: "status", data: '{"a":1}' },
  { event: "output", data: "one\n two" },
  { event: "message", data: "plain" },
];

Deno.test("EventParser reads events with every line ending, and leaves out comments", () => {
  const parser = new EventParser();
  deepEqual([...parser.push(STREAM)], EVENTS);
  equal(parser.lastId, "9");
});

Deno.test("EventParser gives the same events wherever the pieces end", () => {
  assert(property(array(integer({ min: 0, max: STREAM.length })), (cuts) => {
    const parser = new EventParser();
    const ends = [...cuts.sort((a, b) => a - b), STREAM.length];
    const events = ends.flatMap((end, at) => [
      ...parser.push(STREAM.slice(ends[at - 1] ?? 0, end)),
    ]);
    deepEqual(events, EVENTS);
    equal(parser.lastId, "9");
  }));
});

Deno.test("EventParser.lastId is that of an event that is whole", () => {
  const parser = new EventParser();
  equal(parser.lastId, null);
  deepEqual([...parser.push("id: 1\ndata: x\n\nid: 2\ndata: y")], [{
    event: "message",
    data: "x",
  }]);
  equal(parser.lastId, "1");
  deepEqual([...parser.push("\n\ndata: z\n\n")].map(({ data }) => data), ["y", "z"]);
  equal(parser.lastId, "2");
});
