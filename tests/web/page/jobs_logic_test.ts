import assert from "node:assert/strict";
import {
  ALL_JOBS,
  changeQuery,
  filterBody,
  isFiltered,
  readJobQuery,
  writeJobQuery,
} from "../../../src/web/page/job_query.ts";
import {
  countOfSelection,
  isSelected,
  NOTHING,
  pageMark,
  toggle,
  togglePage,
} from "../../../src/web/page/selection.ts";
import { freshList, holdList } from "../../../src/web/page/steady_list.ts";

const PAGE = ["a", "b", "c", "d"];

Deno.test("readJobQuery() reads what writeJobQuery() wrote", () => {
  const query = {
    ...ALL_JOBS,
    states: ["failed", "dead"] as const,
    queue: "q",
    tag: "t",
    text: "a, b",
    error: "exit code 1",
    sort: "oldest" as const,
    cursor: "x",
  };
  const written = writeJobQuery(query) as Record<string, string>;
  assert.equal(written.state, "failed,dead");
  assert.deepEqual(readJobQuery(written), query);
  assert.deepEqual(Object.values(writeJobQuery(ALL_JOBS)), Array(7).fill(null));
});

Deno.test("readJobQuery() leaves out what it does not know", () => {
  assert.deepEqual(readJobQuery({ state: "dead,nonsense", sort: "constructor" }), {
    ...ALL_JOBS,
    states: ["dead"],
  });
});

Deno.test("changeQuery() begins another filter at its first page", () => {
  assert.equal(changeQuery({ ...ALL_JOBS, cursor: "x" }, { queue: "q" }).cursor, null);
});

Deno.test("filterBody() has only what is filtered", () => {
  assert.deepEqual(filterBody(ALL_JOBS), {});
  assert.deepEqual(filterBody({ ...ALL_JOBS, states: ["dead"], tag: "x", sort: "oldest" }), {
    state: ["dead"],
    tag: "x",
  });
  assert.equal(isFiltered({ ...ALL_JOBS, sort: "oldest", cursor: "x" }), false);
  assert.equal(isFiltered({ ...ALL_JOBS, text: "x" }), true);
});

Deno.test("filterBody() leaves out what the order does not show", () => {
  assert.deepEqual(filterBody({ ...ALL_JOBS, sort: "priority" }), { state: ["pending"] });
  assert.deepEqual(filterBody({ ...ALL_JOBS, sort: "finished", states: ["failed", "dead"] }), {
    state: ["dead"],
  });
  assert.deepEqual(filterBody({ ...ALL_JOBS, sort: "finished", states: ["held"] }), {
    state: ["held"],
  });
  assert.equal(isFiltered({ ...ALL_JOBS, sort: "priority" }), false);
});

Deno.test("toggle() chooses one, a range, and takes back", () => {
  const one = toggle(NOTHING, "b", PAGE, false);
  const range = toggle(one, "d", PAGE, true);
  assert.deepEqual(PAGE.filter((id) => isSelected(range, id)), ["b", "c", "d"]);
  assert.equal(countOfSelection(toggle(range, "c", PAGE, false)), 2);
});

Deno.test("toggle() of all that match leaves those that can be seen", () => {
  const some = toggle({ kind: "all", expected: 1000 }, "b", PAGE, false);
  assert.deepEqual(PAGE.filter((id) => isSelected(some, id)), ["a", "c", "d"]);
  assert.equal(countOfSelection(some), 3);
});

Deno.test("togglePage() chooses the page, and keeps what is chosen on others", () => {
  const other = toggle(NOTHING, "z", ["z"], false);
  const all = togglePage(other, PAGE);
  assert.equal(countOfSelection(all), 5);
  assert.equal(pageMark(all, PAGE), "all");
  assert.equal(pageMark(toggle(all, "a", PAGE, false), PAGE), "some");
  assert.equal(countOfSelection(togglePage(all, PAGE)), 1);
  assert.equal(pageMark(other, PAGE), "none");
});

Deno.test("holdList() changes rows in place: none comes, goes or moves", () => {
  const shown = freshList([{ id: "a", n: 1 }, { id: "b", n: 1 }]);
  const held = holdList(shown, [{ id: "c", n: 2 }, { id: "b", n: 2 }], ({ id }) => id);
  assert.deepEqual(held.rows, [
    { item: { id: "a", n: 1 }, gone: true },
    { item: { id: "b", n: 2 }, gone: false },
  ]);
  assert.equal(held.waiting, 1);
});
