/** Jobs that a worker claims many at once, without a row for each. */

import assert from "node:assert/strict";
import { Reservations } from "../../../src/store/postgres/reservations.ts";
import type { Claim, TickRequest } from "../../../src/store/tick.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { chunk, FAILED, idsOf, launchers } from "../scene.ts";
import { ALWAYS, end, NEVER, Scene, type Worker } from "./reserving.ts";

Deno.test("tick() reserves jobs, settles them in one step, and leaves nothing behind", async () => {
  await using scene = await Scene.set(5);
  const worker = await scene.worker("w");
  const claims = await worker.claim(5);
  assert.deepEqual(claims.map(({ isAhead }) => isAhead), [false, false, true, true, true]);
  assert.equal(await scene.rows(), "1 pending");
  const bytes = (text: string) => ({ chunks: [chunk("", 0, text)], outputBytes: text.length });
  const half = await worker.tick({ ended: claims.slice(0, 3).map((c) => end(c, bytes("done"))) });
  assert.deepEqual([half.settled.length, half.stale], [3, []]);
  assert.equal(await scene.rows(), "1 completed pending");
  await worker.tick({ ended: claims.slice(3).map((c) => end(c)) });
  assert.equal(await scene.rows(), "0 completed");
  const [attempt, ...others] = await scene.store.attempts("job-2");
  assert.deepEqual(others, []);
  assert.deepEqual([attempt!.outcome, attempt!.outputBytes], ["completed", 4]);
  const [piece] = await scene.store.output("job-2", 1, 0);
  assert.equal(new TextDecoder().decode(piece!.bytes), "done");
  const job = await scene.store.job("job-4");
  assert.deepEqual([job!.state, job!.attempts, job!.workerId], ["completed", 1, "w"]);
});

Deno.test("tick() of workers that reserve at one moment gives each job to one of them", async () => {
  await using scene = await Scene.set(200);
  const ids = ["a", "b", "c", "d"];
  const workers = await Promise.all(ids.map((id) => scene.worker(id)));
  const plain = await scene.worker("plain", NEVER);
  const given: string[] = [];
  await Promise.all([...workers, plain].map(async (worker) => {
    let claims = await worker.claim(7);
    while (claims.length > 0) {
      given.push(...idsOf(claims));
      claims = await worker.claim(7, claims.map((claim) => end(claim)));
    }
  }));
  assert.equal(given.length, 200);
  assert.equal(new Set(given).size, 200);
  assert.equal(await scene.rows(), "0 completed");
});

Deno.test("tick() writes out its reservation where an attempt does not just complete", async () => {
  await using scene = await Scene.set(3);
  const worker = await scene.worker("w");
  const [first, second, third] = await worker.claim(3);
  const { settled } = await worker.tick({
    ended: [end(first!), end(second!, { outcome: FAILED })],
    output: [{ ...third!, chunk: chunk(third!.token, 0, "so far") }],
  });
  assert.deepEqual(settled.map(({ state }) => state).sort(), ["completed", "dead"]);
  assert.equal(await scene.rows(), "0 completed dead processing");
  assert.equal((await scene.store.output("job-2", 1, 0)).length, 1);
});

Deno.test("tick() settles what is left where one of its reserved jobs has moved on", async () => {
  await using scene = await Scene.set(3);
  const worker = await scene.worker("w");
  const claims = await worker.claim(3);
  await scene.session.script("UPDATE job SET state = 'held' WHERE id = 'job-1'");
  const { settled, stale } = await worker.tick({ ended: claims.map((claim) => end(claim)) });
  assert.deepEqual(settled.map(({ jobId }) => jobId), ["job-0", "job-2"]);
  assert.deepEqual(stale, [claims[1]!.token]);
  assert.equal(await scene.rows(), "0 completed held");
  const [total] = await scene.store.totals();
  assert.deepEqual([total!.outcome, total!.count], ["completed", 2]);
});

Deno.test("tick() writes out a reservation in which something takes long", async () => {
  await using scene = await Scene.set(2);
  const worker = await scene.worker("w");
  await worker.claim(2);
  assert.equal(await scene.rows(), "1 pending");
  await waitFor(async () => {
    await worker.tick({});
    return await scene.rows() === "0 processing";
  });
});

Deno.test("tick() settles what it has reserved since others have written out what was before", async () => {
  await using scene = await Scene.set(6);
  const worker = await scene.worker("w");
  const before = await worker.claim(3);
  await scene.store.status();
  const after = await worker.claim(3);
  assert.equal(await scene.rows(), "1 pending processing");
  const ended = [...before, ...after].map((claim) => end(claim));
  const { settled, stale } = await worker.tick({ ended });
  assert.deepEqual([settled.length, stale], [6, []]);
  assert.equal(await scene.rows(), "0 completed");
});

Deno.test("tick() claims job by job beside what others have reserved, and leaves it", async () => {
  await using scene = await Scene.set(6);
  const worker = await scene.worker("w");
  const plain = await scene.worker("plain", NEVER);
  const claims = [...await worker.claim(3), ...await plain.claim(2)];
  assert.equal(new Set(idsOf(claims)).size, 5);
  assert.equal(await scene.rows(), "1 pending processing");
  const { settled } = await worker.tick({ ended: claims.slice(0, 3).map((claim) => end(claim)) });
  assert.equal(settled.length, 3);
  await plain.claim(2, claims.slice(3).map((claim) => end(claim)));
  assert.equal(await scene.rows(), "0 completed processing");
});

Deno.test("tick() has others write out nothing where a job is due", async () => {
  await using scene = await Scene.set(4);
  const worker = await scene.worker("w");
  const other = await scene.worker("other");
  await worker.claim(2);
  await scene.store.enqueue([newJob("due", { delay: 1, priority: 1 })]);
  await waitFor(async () => {
    const [row] = await scene.session.ask(
      "SELECT clock_now() > run_at AS is_due FROM job WHERE id = 'due'",
    );
    return row!.is_due;
  });
  const claims = await other.claim(2);
  assert.equal(idsOf(claims)[0], "due");
  assert.match(await scene.rows(), /^[12] pending/);
});

Deno.test("tick() keeps what it reserves while it learns that others have written out what was before", async () => {
  await using scene = await Scene.set(9);
  const worker = await scene.worker("w");
  const before = await worker.claim(3);
  await scene.store.status();
  const after = await worker.claim(3, before.map((claim) => end(claim)));
  assert.deepEqual(after.map(({ attempt }) => attempt), [1, 1, 1]);
  const last = await worker.claim(3, after.map((claim) => end(claim)));
  assert.deepEqual(idsOf(last), ["job-6", "job-7", "job-8"]);
  const { settled, stale } = await worker.tick({ ended: last.map((claim) => end(claim)) });
  assert.deepEqual([settled.length, stale], [3, []]);
  const [row] = await scene.session.ask(
    "SELECT count(*) AS attempts, (SELECT last_value FROM reservation_id_seq) AS made FROM attempt",
  );
  assert.deepEqual(row, { attempts: 9, made: 3 });
});

Deno.test("tick() tells what its second half has claimed though what comes after it fails", async () => {
  await using scene = await Scene.set(2);
  await scene.store.enqueue([newJob("other", { queue: "mail" })]);
  // There is much to be added up.
  await scene.session.ask(
    "INSERT INTO counter_part SELECT 'completed', 'default', 0 FROM generate_series(1, 300)",
  );
  const worker = await scene.worker("w", ALWAYS, { patience: 300 });
  await scene.session.script("BEGIN; LOCK TABLE counter_sum IN SHARE MODE");
  const { claimed, nextDueIn } = await worker.tick({ free: launchers(2) });
  await scene.session.script("COMMIT");
  assert.deepEqual([idsOf(claimed), nextDueIn], [["job-0", "job-1"], 0]);
});

Deno.test("tick() finds a job that lies between those that a dead worker has reserved", async () => {
  await using scene = await Scene.set(4);
  const [dead, plain] = [await scene.worker("dead"), await scene.worker("plain", NEVER)];
  const [first, second] = await plain.claim(2);
  const back = (claim: Claim) => end(claim, { outcome: { kind: "handed_back" } });
  await plain.tick({ ended: [back(first!)] });
  assert.deepEqual(idsOf(await dead.claim(3)), ["job-0", "job-2", "job-3"]);
  await plain.tick({ ended: [back(second!)] });
  const found = await waitFor(async () => {
    const claims = await plain.claim(2);
    return claims.length > 0 && claims;
  });
  assert.deepEqual(idsOf(found), ["job-1"]);
});

Deno.test("tick() claims job by job where the server makes no reservation", async () => {
  await using scene = await Scene.set(4);
  await scene.session.script(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '54000'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON reservation EXECUTE FUNCTION refuse()`);
  const worker = await scene.worker("w", { from: 1, pause: 1000 });
  const claims = [...await worker.claim(2), ...await worker.claim(2)];
  assert.deepEqual(idsOf(claims), ["job-0", "job-1", "job-2", "job-3"]);
  assert.equal(await scene.rows(), "0 processing");
});

Deno.test("tick() reserves for more workers at once than a handle has connections", async () => {
  await using scene = await Scene.set(24);
  const store = await scene.open(ALWAYS, { patience: 1000 });
  const workers: Worker[] = [];
  for (let n = 0; n < 6; n++) workers.push(await scene.worker(`w${n}`, ALWAYS, {}, store));
  const first: Claim[][] = [];
  for (const worker of workers) first.push([...await worker.claim(2)]);
  const second = await Promise.all(
    workers.map((worker, n) => worker.claim(2, first[n]!.map((claim) => end(claim)))),
  );
  assert.equal(new Set(idsOf([...first, ...second].flat())).size, 24);
  assert.equal(await scene.rows(), "6 completed pending");
});

Deno.test("tick() claims job by job what is too much for one text", async () => {
  await using scene = await Scene.set(0);
  const command = "x".repeat(130_000);
  const ids = Array.from({ length: 140 }, (_, n) => `job-${n}`);
  await scene.store.enqueue(ids.map((id) => newJob(id, { command })));
  const worker = await scene.worker("w");
  assert.deepEqual(idsOf(await worker.claim(140)), ids);
  assert.equal(await scene.rows(), "0 processing");
});

Deno.test("tick() completes no attempt of another worker that was claimed while it waited", async () => {
  await using scene = await Scene.set(2);
  const [late, other] = [await scene.worker("late", NEVER), await scene.worker("other", NEVER)];
  const [first, second] = await late.claim(2);
  await scene.session.script("BEGIN; SELECT FROM job WHERE id = 'job-0' FOR UPDATE");
  const ticked = late.tick({ ended: [end(first!), end(second!)], isBrief: true });
  await waitFor(async () => {
    const [row] = await scene.session.ask(
      "SELECT count(*) AS waiting FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))",
    );
    return row!.waiting as number > 0;
  });
  await other.tick({ ended: [end(second!, { outcome: { kind: "handed_back" } })] });
  assert.deepEqual(idsOf(await other.claim(2)), ["job-1"]);
  await scene.session.script("COMMIT");
  const { settled, stale } = await ticked;
  assert.deepEqual([settled.map(({ jobId }) => jobId), stale], [["job-0"], [second!.token]]);
  assert.equal((await scene.store.job("job-1"))!.workerId, "other");
});

Deno.test("Reservations: what one of two ticks has written out, the other one forgets", () => {
  let now = 0;
  const reservations = new Reservations(() => now, ALWAYS);
  const common = {
    jobId: "job",
    queue: "default",
    reservation: 1,
    launcher: { pid: 1, startTime: "1" },
  };
  const jobs = ["a", "b"].map((token, seq) =>
    [token, { ...common, seq, attempt: 1, at: 0, isAhead: false }] as const
  );
  reservations.note(new Map(jobs));
  const request = { worker: "w", ended: [], output: [], free: [], observed: new Map() };
  const idle: TickRequest = { ...request, draining: false, buried: [] };
  const ended = end({ jobId: "job", token: "a" } as Claim);
  const settling = reservations.plan({ ...idle, ended: [ended] }, new Set([ended]), false);
  assert.equal(settling.completed.size, 1);
  now += 10_000;
  const writing = reservations.plan(idle, new Set(), false);
  assert.deepEqual(writing.writtenOut, [1]);
  reservations.done(writing);
  reservations.done(settling);
  assert.deepEqual(reservations.plan(idle, new Set(), false).writtenOut, []);
});
