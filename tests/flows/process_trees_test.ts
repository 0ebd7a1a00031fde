/**
 * What becomes of the processes of a job that does with them what it likes: on a cancel, a timeout, a
 * rescue, and when it ends by itself. The README has the same as a table.
 */

import assert from "node:assert/strict";
import { processesOf } from "../crash/scene.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { flow, isLiving, killIfThere, type Stage } from "./stage.ts";

/** A way to spread. */
interface Tree {
  /** Does not end by itself. Each process notes its pid in the file `$P`; `sh -c "$N"` is one that does. */
  readonly command: string;
  /** How many pids it notes. */
  readonly count: number;
  /** The last one is out of reach. */
  readonly loses?: true;
  /** What it takes; where that fails the tree is left out. */
  readonly needs?: string;
}

const TREES: Readonly<Record<string, Tree>> = {
  // The token tells.
  "double-fork": { command: `(sh -c "$N" &); echo $$ >> $P; sleep 300; :`, count: 2 },
  "daemon": {
    command: `setsid sh -c '(setsid sh -c "$N" &)'; echo $$ >> $P; sleep 300; :`,
    count: 2,
  },
  "nohup": { command: `nohup sh -c "$N" > /dev/null 2>&1 & echo $$ >> $P; sleep 300; :`, count: 2 },
  // The launcher's session tells.
  "no-token": { command: `(env -i P=$P sh -c "$N" &); echo $$ >> $P; sleep 300; :`, count: 2 },
  "no-token-own-group": {
    command: `bash -c 'set -m; env -i P=$P sh -c "$N" &'; echo $$ >> $P; sleep 300; :`,
    count: 2,
    needs: "bash -c true",
  },
  // The parent tells.
  "no-token-own-session": {
    command: `echo $$ >> $P; setsid -w env -i P=$P sh -c "$N"; :`,
    count: 2,
  },
  // Nothing tells.
  "nothing-left": {
    command: `echo $$ >> $P; (setsid env -i P=$P sh -c "$N" &); sleep 300; :`,
    count: 2,
    loses: true,
  },
  // They do not do what they are asked.
  "deaf": {
    command: `trap '' HUP INT QUIT TERM USR1 CONT; echo $$ >> $P; while :; do sleep 300; done`,
    count: 1,
  },
  "all-signals-blocked": {
    command: `exec env --block-signal sh -c "$N"`,
    count: 1,
    needs: "env --block-signal true",
  },
  "stops-itself": { command: "echo $$ >> $P; kill -STOP 0; sleep 300; :", count: 1 },
  "stops-its-launcher": { command: "kill -STOP $PPID; echo $$ >> $P; sleep 300; :", count: 1 },
  "many": {
    command: "i=0; while [ $i -lt 200 ]; do sleep 300 & echo $! >> $P; i=$((i + 1)); done; wait",
    count: 200,
  },
  "deep": {
    command: "echo '[ $D = 0 ] || D=$((D - 1)) sh deep & eval \"$N\"' > deep; D=40 sh deep",
    count: 41,
  },
  "relay": {
    command: `echo "trap '' TERM; sleep 0.05; sh relay &" > relay; sh relay; exec sh -c "$N"`,
    count: 1,
  },
  // They are somewhere else.
  "terminal": {
    command: `echo $$ >> $P; script -qefc "$N" /dev/null < /dev/null > /dev/null; sleep 300; :`,
    count: 2,
    needs: "script -qefc true /dev/null < /dev/null",
  },
  "traced": {
    command: `echo $$ >> $P; strace -qf -o /dev/null sh -c "$N"; :`,
    count: 2,
    needs: "strace -o /dev/null true",
  },
  "pid-namespace": {
    command: "echo $$ >> $P; unshare --pid --fork sleep 300; :",
    count: 1,
    needs: "unshare --pid --fork true",
  },
  "another-user": {
    command: `: > $P; chmod 666 $P; echo $$ >> $P; setpriv --reuid=65534 setsid -w sh -c "$N"; :`,
    count: 2,
    needs: "setpriv --reuid=65534 true",
  },
};

const PROLOGUE = "N='echo $$ >> $P; exec sleep 300' P=$PWD/$QUEUECTL_JOB_ID.pids; export N P; ";

/** Enqueues each tree, and waits until it stands; the trees by their jobs' ids. */
async function grow(stage: Stage, prefix: string, ...flags: readonly string[]) {
  const trees = new Map<string, Tree>();
  for (const [name, tree] of Object.entries(TREES)) {
    const { success } = await new Deno.Command("/bin/sh", {
      args: ["-c", tree.needs ?? "true"],
      stdout: "null",
      stderr: "null",
    }).output();
    if (success) trees.set(`${prefix}${name}`, tree);
    else console.warn(`Left out: ${name}, since this does not work here: ${tree.needs}`);
  }
  // A directory of its own for each: some make files.
  const jobs = await Promise.all([...trees].map(async ([id, { command }]) => {
    const cwd = stage.join(`at-${id}`);
    await Deno.mkdir(cwd);
    await Deno.chmod(cwd, 0o777);
    return JSON.stringify({ id, cwd, command: PROLOGUE + command });
  }));
  await Deno.chmod(stage.home, 0o755);
  await stage.run(["enqueue", "-r", "0", ...flags], { stdin: jobs.join("\n") });
  return trees;
}

function pidsOf(stage: Stage, id: string): number[] {
  return stage.lines(`at-${id}/${id}.pids`).map(Number);
}

/** Waits until all of the trees stand. */
async function untilGrown(stage: Stage, trees: ReadonlyMap<string, Tree>): Promise<void> {
  const missing = () =>
    [...trees].filter(([id, { count }]) => pidsOf(stage, id).length < count).map(([id]) => id);
  await waitFor(() => missing().length === 0, { timeout: 30_000, message: () => `${missing()}` });
}

/** Nothing of the trees is alive but what cannot be reached, which is ended here. */
function assertEnded(stage: Stage, trees: ReadonlyMap<string, Tree>): void {
  for (const [id, { loses }] of trees) {
    const living = pidsOf(stage, id).filter(isLiving);
    for (const pid of living) killIfThere(pid);
    const expected = loses ? pidsOf(stage, id).slice(-1) : [];
    assert.deepEqual(living, expected, `${id}: the noted processes that live`);
    assert.deepEqual([...processesOf(stage, id)], [], `${id}: those with its mark that live`);
  }
}

flow("a cancel and a timeout end the tree, however it spreads", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "300ms");
  const cancelled = await grow(stage, "c-");
  const timedOut = await grow(stage, "t-", "--timeout", "3s");
  await stage.worker(["--count", String(cancelled.size + timedOut.size)]);
  await untilGrown(stage, cancelled);
  await stage.ok("cancel", ...cancelled.keys());
  assertEnded(stage, cancelled);
  await Promise.all([...timedOut.keys()].map((id) => stage.until(id, "dead")));
  assertEnded(stage, timedOut);
  const states = await stage.json<{ state: string; error: string }[]>("list");
  assert.deepEqual(
    new Set(states.map(({ state, error }) => `${state}: ${error}`)),
    new Set(["cancelled: cancelled", "dead: timed out after 3s"]),
  );
}, { vias: ["source"] });

flow("a rescue ends the tree, however it spreads", async (stage) => {
  const trees = await grow(stage, "r-");
  const victim = await stage.worker(["--count", String(trees.size)]);
  await untilGrown(stage, trees);
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.ok("worker", "start", "--drain");
  assertEnded(stage, trees);
  const jobs = await stage.json<{ state: string; error: string }[]>("list");
  assert.equal(jobs.length, trees.size);
  for (const { state, error } of jobs) {
    assert.match(`${state}: ${error}`, /^dead: its worker .* died$/);
  }
}, { vias: ["source"] });

flow("what a job leaves behind lives on, unheard and unharmed", async (stage) => {
  const left = [
    "sleep 300 & echo $! >> left; kill -STOP $PPID",
    "setsid sleep 300 & echo $! >> left",
    "nohup sleep 300 > /dev/null & echo $! >> left",
    "(while :; do echo later; echo later >> after; sleep 0.05; done) & echo $! >> left",
    "(trap '' TERM; env -i sleep 300 & echo $! >> left)",
  ];
  for (const command of left) await stage.enqueue(`${command}; echo end >&2`);
  await stage.enqueue("echo begun >> begun; sleep 300", "--id", "later");
  const worker = await stage.worker();
  await stage.untilLines("begun");
  await stage.ok("cancel", "later");
  await stage.ok("worker", "stop");
  await stage.end(worker);
  const before = stage.lines("after").length;
  await stage.untilLines("after", before + 2);
  const pids = stage.lines("left").map(Number);
  assert.deepEqual(pids.filter(isLiving), pids);
  assert.equal(pids.length, left.length);
  for (const pid of pids) killIfThere(pid);
  const ended = await stage.ask("SELECT count(*) AS jobs FROM job WHERE state = 'completed'");
  assert.equal(ended[0]?.jobs, left.length);
  const texts = await stage.ask("SELECT DISTINCT stream, bytes FROM output");
  for (const { stream, bytes } of texts) {
    const text = new TextDecoder().decode(bytes as Uint8Array);
    assert.match(`${stream} ${text}`, /^(stderr end\n|stdout (later\n){1,40})$/);
  }
}, { vias: ["source"] });
