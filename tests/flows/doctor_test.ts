/** `doctor` beside real workers: those that work, stand still, and are gone. What it says helps. */

import assert from "node:assert/strict";
import { haltWorker } from "../crash/scene.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

/** What `doctor --json` prints of a finding. */
interface Finding {
  readonly name: string;
  readonly verdict: string;
  readonly finding: string;
  readonly mend: string | null;
}

/**
 * Asks the doctor; what it has found, and the exit code for that. A server that keeps stores of tests need not keep
 * them for ever, which is found too, and left out.
 */
async function ask(stage: Stage): Promise<{ code: number; findings: Finding[] }> {
  const { code, stdout } = await stage.run(["doctor", "--json"]);
  const { checks } = JSON.parse(stdout) as { checks: Finding[] };
  assert.equal(code, codeFor(checks));
  const findings = checks.filter(({ name, verdict }) => name !== "durable" && verdict !== "ok");
  return { code: codeFor(findings), findings };
}

function codeFor(findings: readonly Finding[]): number {
  return findings.some(({ verdict }) => verdict === "problem") ? 1 : 0;
}

/** Waits until it finds nothing: workers tidy up a moment later. */
async function healthy(stage: Stage): Promise<void> {
  let last: unknown;
  await waitFor(async () => {
    const { code, findings } = await ask(stage);
    last = findings;
    return code === 0 && findings.length === 0;
  }, { timeout: 30_000, message: () => JSON.stringify(last) });
}

/** Does what a finding says. */
async function follow(stage: Stage, { mend }: Finding): Promise<void> {
  const commands = /^[^:]*: ([^]*)$/.exec(mend!)![1]!;
  await stage.sh(`{ ${commands}; } 2> /dev/null`, { env: stage.clientVariables });
}

flow("doctor: workers that work, were stopped, were killed", async (stage) => {
  const worker = await stage.worker(["--count", "2"]);
  await stage.enqueue("echo up >> up; until test -e go; do sleep 0.05; done", "--id", "long");
  await stage.enqueue("echo done", "--id", "short");
  await stage.until("short", "completed");
  await stage.untilLines("up");
  assert.deepEqual(await ask(stage), { code: 0, findings: [] });

  await haltWorker(stage, worker.pid);
  const { code, findings: [stopped, ...others] } = await ask(stage);
  assert.deepEqual({ code, others }, { code: 1, others: [] });
  assert.match(stopped!.finding, /^Worker \S+ \(process \d+\) was stopped.*; its job is stuck$/);
  assert.equal(stopped!.mend, `To let it go on: kill -CONT ${worker.pid}`);
  await follow(stage, stopped!);
  await healthy(stage);

  // No clock moves that far in a test.
  await stage.ask("UPDATE job SET started_at = started_at - 172800000 WHERE id = 'long'");
  const { code: none, findings: [long] } = await ask(stage);
  assert.equal(none, 0);
  assert.match(long!.finding, /^Job long has run for 2d, and has no timeout$/);
  assert.equal(long!.mend, "To end it, if it hangs: queuectl cancel long");

  worker.kill("SIGKILL");
  await worker.ended();
  const { code: lost, findings } = await ask(stage);
  assert.equal(lost, 1);
  const gone = findings.find(({ name }) => name === "workers");
  assert.match(gone!.finding, /^Worker \S+ is gone; its job is stuck$/);
  // The launcher of the other slot may have left its status, too.
  const serious = findings.filter(({ name }) => name !== "spool");
  assert.deepEqual(serious.map(({ name }) => name), ["workers", "running"]);
  await Deno.writeTextFile(stage.join("go"), "");
  await follow(stage, gone!);
  await stage.until("long", "completed");
  await healthy(stage);
  await stage.ok("worker", "stop");
}, { vias: ["source"], stores: BOTH_STORES });

flow(
  "doctor: a job whose worker the store has forgotten, and a worker elsewhere",
  async (stage) => {
    const worker = await stage.worker();
    await stage.enqueue("echo up >> up; until test -e go; do sleep 0.05; done", "--id", "job");
    await stage.untilLines("up");
    worker.kill("SIGKILL");
    await worker.ended();
    await stage.ask("DELETE FROM worker");
    const { code, findings } = await ask(stage);
    assert.equal(code, 1);
    // A worker may have had a socket.
    const [first, ...others] = findings.map(({ name }) => name);
    assert.equal(first, "records");
    assert.deepEqual(others.filter((name) => name !== "sockets"), []);
    assert.match(
      findings[0]!.finding,
      /^Jobs that run in a worker that the store does not know.*: 1 /,
    );
    for (const finding of findings.reverse()) await follow(stage, finding);
    await Deno.writeTextFile(stage.join("go"), "");
    await stage.until("job", "completed");
    await healthy(stage);
    await stage.ok("worker", "stop");

    await stage.ask(
      `INSERT INTO worker (id, host, host_identity, pid, process_start, join_order, slots, started_at,
      heartbeat, heartbeat_at, observed_heartbeat, unmoved_for)
    VALUES ('far-away', 'elsewhere', 'another boot', 1, '1', 1, 1, 0, 7, ?, 7, 60000)`,
      Date.now() - 60_000,
    );
    const { findings: [silent, ...rest] } = await ask(stage);
    assert.deepEqual(rest, []);
    assert.match(
      silent!.finding,
      /^Worker far-away \(process 1 on elsewhere\) has not answered for 1m/,
    );
    await follow(stage, silent!);
    await healthy(stage);
    await stage.ok("worker", "stop");
  },
  { vias: ["source"] },
);
