import assert from "node:assert/strict";
import fc from "fast-check";
import {
  FINAL_STATES,
  isFinal,
  type JobEvent,
  sourcesOf,
  type State,
  STATES,
  transition,
  TRANSITIONS,
  WAITING_STATES,
  waitingState,
} from "../../src/job/state.ts";

/** The machine of DESIGN section 2, written down once more and in another way. */
const EXPECTED: readonly `${State} ${JobEvent} ${State}`[] = [
  "blocked parents_done pending",
  "held block blocked",
  "cancelled block blocked",
  "held postpone scheduled",
  "blocked postpone scheduled",
  "pending postpone scheduled",
  "scheduled due pending",
  "failed due pending",
  "held release pending",
  "pending claim processing",
  "processing complete completed",
  "processing fail failed",
  "processing give_up dead",
  "processing hand_back pending",
  "processing end_cancelled cancelled",
  "held cancel cancelled",
  "blocked cancel cancelled",
  "scheduled cancel cancelled",
  "pending cancel cancelled",
  "failed cancel cancelled",
  "dead retry pending",
  "cancelled retry pending",
  "cancelled hold held",
  "failed retry pending",
  "completed retry pending",
];

const events = TRANSITIONS.map(({ event }) => event);

Deno.test("TRANSITIONS: are those of the design and no other", () => {
  const found = STATES.flatMap((from) =>
    events.flatMap((event) => {
      const to = transition(from, event);
      return to === null ? [] : [`${from} ${event} ${to}`];
    })
  );
  assert.deepEqual(found.toSorted(), EXPECTED.toSorted());
});

Deno.test("TRANSITIONS: name each event once, and only known states", () => {
  assert.equal(new Set(events).size, events.length);
  for (const { from, to } of TRANSITIONS) {
    assert.equal(new Set(from).size, from.length);
    for (const state of [...from, to]) assert.ok(STATES.includes(state), state);
  }
});

Deno.test("transition: follows sourcesOf", () => {
  fc.assert(fc.property(fc.constantFrom(...STATES), fc.constantFrom(...events), (from, event) => {
    assert.equal(transition(from, event) !== null, sourcesOf(event).includes(from));
  }));
});

Deno.test("transition: every state can be reached from those that a new job has", () => {
  const reached = new Set<State>(["held", "blocked", "scheduled", "pending"]);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const { from, to } of TRANSITIONS) {
      if (from.some((state) => reached.has(state))) reached.add(to);
    }
  }
  assert.deepEqual([...reached].toSorted(), [...STATES].toSorted());
});

Deno.test("isFinal: a final state is left on request alone, every other by itself", () => {
  const asked: Partial<Record<State, JobEvent[]>> = {
    completed: ["retry"],
    dead: ["retry"],
    // One that was cancelled because of its parent waits again when that is retried.
    cancelled: ["block", "hold", "retry"],
  };
  for (const state of STATES) {
    const leaving = events.filter((event) => transition(state, event) !== null);
    if (isFinal(state)) assert.deepEqual(leaving.toSorted(), asked[state], state);
    else assert.ok(leaving.some((event) => event !== "retry" && event !== "cancel"), state);
  }
});

Deno.test("waitingState: the first obstacle names the state", () => {
  const now = 1_800_000_000_000;
  for (const held of [false, true]) {
    for (const blocked of [false, true]) {
      for (const runAt of [null, 0, now - 1, now, now + 1]) {
        const expected = held
          ? "held"
          : blocked
          ? "blocked"
          : runAt === now + 1
          ? "scheduled"
          : "pending";
        assert.equal(waitingState({ held, blocked, runAt }, now), expected);
      }
    }
  }
});

Deno.test("STATES: are final, waiting or processing, and only one of these", () => {
  assert.deepEqual(
    [...FINAL_STATES, ...WAITING_STATES, "processing"].toSorted(),
    [...STATES].toSorted(),
  );
});

Deno.test("sourcesOf: an event that does not exist is a RangeError", () => {
  assert.throws(() => sourcesOf("explode" as JobEvent), RangeError);
  assert.throws(() => transition("pending", "explode" as JobEvent), RangeError);
});
