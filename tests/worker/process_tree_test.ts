import assert from "node:assert/strict";
import { currentHost, isAlive, processInfo, processRef } from "../../src/worker/host.ts";
import { Launcher } from "../../src/worker/launcher.ts";
import {
  type EndControl,
  endTree,
  findTree,
  killHard,
  type TreeQuery,
} from "../../src/worker/process_tree.ts";
import type { ProcessRef } from "../../src/worker/protocol.ts";
import { spoolPaths } from "../../src/worker/spool.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A launcher whose commands carry a token, and what they tell by files. */
async function launch() {
  const dir = await tempDir();
  const launcher = await Launcher.start(dir.path);
  const tokens: string[] = [];
  const query = { tokens, launchers: [launcher.ref] };

  return {
    launcher,
    dir,
    query,
    /** Runs a command as an attempt; without a token it looks like a subshell before its exec. */
    run(command: string, token = crypto.randomUUID() as string, marked = true) {
      tokens.push(token);
      const paths = spoolPaths(dir.path, token);
      const env: Record<string, string> = marked ? { QUEUECTL_ATTEMPT_TOKEN: token } : {};
      return launcher.run({ token, command, cwd: dir.path, env, paths, hasInput: false });
    },
    /** A pid that a command wrote into a file. */
    pid(name: string): Promise<number> {
      return waitFor(async () => {
        const written = await Deno.readTextFile(dir.join(name)).catch(() => "");
        return written.endsWith("\n") ? Number(written) : null;
      }, { message: `a pid in ${name}` });
    },
    async [Symbol.asyncDispose]() {
      await endTree(query, { killAt: 0 });
      await launcher.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function pids(query: TreeQuery): number[] {
  return findTree(query).map((process) => process.pid);
}

function alive(pid: number): boolean {
  return processInfo(pid)?.alive ?? false;
}

Deno.test("findTree() finds the token, also in another session", async () => {
  await using it = await launch();
  const ended = it.run("echo $$ >shell; setsid sh -c 'echo $$ >left; exec sleep 600' & wait");
  const expected = [await it.pid("shell"), await it.pid("left")];
  assert.deepEqual(pids(it.query), expected);
  assert.deepEqual(pids({ ...it.query, launchers: [] }), expected, "the token alone tells");
  assert.deepEqual(pids({ ...it.query, tokens: ["another"] }), []);
  await endTree(it.query, { killAt: 0 });
  await ended;
});

Deno.test("findTree() finds descendants that left the session and cleared their environment", async () => {
  await using it = await launch();
  it.run("echo $$ >shell; setsid env -i sh -c 'echo $$ >left; sleep 600' & wait");
  const left = await it.pid("left");
  const child = await waitFor(() =>
    pids(it.query).find((pid) => processInfo(pid)?.parent === left)
  );
  assert.deepEqual(pids(it.query), [await it.pid("shell"), left, child]);
});

Deno.test("findTree() finds an orphan without a token in the launcher's group", async () => {
  await using it = await launch();
  await it.run("env -i sh -c 'echo $$ >orphan; exec sleep 600' &");
  const orphan = await it.pid("orphan");
  assert.deepEqual(pids(it.query), [orphan]);
  const reused = { ...it.launcher.ref, startTime: "1" };
  assert.deepEqual(
    pids({ ...it.query, launchers: [reused] }),
    [],
    "a reused pid's group is not ours",
  );
});

Deno.test("findTree() finds the orphans of a launcher that has gone", async () => {
  await using it = await launch();
  await it.run("env -i sh -c 'echo $$ >orphan; exec sleep 600' &");
  const orphan = await it.pid("orphan");
  Deno.kill(it.launcher.ref.pid, "SIGKILL");
  await it.launcher.ended;
  assert.deepEqual(pids(it.query), [orphan]);
});

Deno.test("findTree() takes the launcher's child for ours before it carries the token", async () => {
  await using it = await launch();
  const ended = it.run("echo $$ >child; exec setsid env -i sleep 600", "t1", false);
  const child = await it.pid("child");
  await waitFor(() => processInfo(child)?.session === child);
  assert.deepEqual(pids(it.query), [child]);
  await endTree(it.query, { killAt: 0 });
  assert.deepEqual(await ended, { kind: "exit", code: 137 });
});

Deno.test("findTree() leaves what an earlier attempt of the slot left behind", async () => {
  await using it = await launch();
  await it.run("sleep 600 & echo $! >marked; env -i sleep 600 & echo $! >unmarked");
  const earlier = [await it.pid("marked"), await it.pid("unmarked")];
  it.run("echo $$ >later; sleep 600", "later");
  const later = await it.pid("later");
  const query = { ...it.query, tokens: ["later"] };
  assert.equal(pids(query)[0], later);
  await endTree(query, { killAt: 0 });
  assert(!alive(later));
  assert.deepEqual(earlier.map(alive), [true, true], "they go on");
  assert(isAlive(it.launcher.ref));
});

Deno.test("endTree() asks with SIGTERM and lets the command tidy up", async () => {
  await using it = await launch();
  const ended = it.run(
    "trap 'echo bye >said; exit 9' TERM; echo $$ >shell; while :; do sleep 1; done",
  );
  await it.pid("shell");
  await endTree(it.query, { killAt: performance.now() + 60_000 });
  assert.deepEqual(await ended, { kind: "exit", code: 9 });
  assert.equal(await Deno.readTextFile(it.dir.join("said")), "bye\n");
});

Deno.test("endTree() ends with SIGKILL what does not heed SIGTERM, when it is time", async () => {
  await using it = await launch();
  const ended = it.run("trap '' TERM; echo $$ >shell; while :; do sleep 1; done");
  const shell = await it.pid("shell");
  const control: EndControl = { killAt: Infinity };
  const done = endTree(it.query, control);
  await waitFor(() => control.signalled);
  assert(alive(shell));
  control.killAt = 0;
  await done;
  assert.deepEqual(await ended, { kind: "exit", code: 137 });
  assert.deepEqual(pids(it.query), []);
});

Deno.test("endTree() asks first, however late it is, and gives the whole grace then", async () => {
  await using it = await launch();
  const ended = it.run("echo $$ >pid; exec sleep 600");
  await it.pid("pid");
  const done = endTree(it.query, { killAt: performance.now() + 500 });
  // The first look comes after the grace, as on a machine with too much to do.
  for (const late = performance.now() + 700; performance.now() < late;);
  await done;
  assert.deepEqual(await ended, { kind: "exit", code: 143 });
});

Deno.test("endTree() reaches what is forked meanwhile", async () => {
  await using it = await launch();
  const ended = it.run(
    `trap 'sh -c "trap : TERM; echo \\$\\$ >late; while :; do sleep 1; done" & exit 3' TERM
     echo $$ >shell; while :; do sleep 1; done`,
  );
  await it.pid("shell");
  const control: EndControl = { killAt: Infinity };
  const done = endTree(it.query, control);
  const late = await it.pid("late");
  assert.deepEqual(await ended, { kind: "exit", code: 3 });
  control.killAt = 0;
  await done;
  assert(!alive(late));
});

Deno.test("endTree() ends processes that are stopped, and a stopped launcher goes on", async () => {
  await using it = await launch();
  const ended = it.run("trap 'exit 8' TERM; echo $$ >shell; kill -STOP 0; sleep 600");
  await it.pid("shell");
  await waitFor(() => processInfo(it.launcher.ref.pid)?.stopped);
  await endTree(it.query, { killAt: performance.now() + 60_000 });
  assert.deepEqual(await ended, { kind: "exit", code: 8 });
});

Deno.test("endTree() waits for a command that is yet to start", async () => {
  await using it = await launch();
  let over = false;
  let looks = 0;
  const isOver = () => {
    looks++;
    return over;
  };
  const query = { ...it.query, tokens: ["t1"] };
  const done = endTree(query, { killAt: performance.now() + 60_000, isOver });
  await waitFor(() => looks === 4, { interval: 1 });
  const ended = it.run("exec sleep 600", "t1").finally(() => over = true);
  await done;
  assert.deepEqual(await ended, { kind: "exit", code: 143 });
});

Deno.test("killHard() ends a stopped worker, its launchers and their trees", async () => {
  await using dir = await tempDir();
  const paths = spoolPaths(dir.path, "t1");
  const source = `
    import { Launcher } from ${JSON.stringify(import.meta.resolve("../../src/worker/launcher.ts"))};
    const launcher = await Launcher.start(${JSON.stringify(dir.path)});
    launcher.run({
      token: "t1", cwd: ${JSON.stringify(dir.path)}, paths: ${JSON.stringify(paths)},
      command: "trap '' TERM; setsid env -i sleep 601 & echo $! >left; kill -STOP $WORKER; sleep 602",
      env: { WORKER: String(Deno.pid), QUEUECTL_ATTEMPT_TOKEN: "t1" }, hasInput: false,
    });
    console.log(JSON.stringify(launcher.ref));
  `;
  await Deno.writeTextFile(dir.join("main.ts"), source);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-lock", "--no-config", "--no-check", dir.join("main.ts")],
    stdout: "piped",
  }).spawn();
  const worker = processRef(child.pid)!;
  await waitFor(() => processInfo(child.pid)?.stopped);
  const reader = child.stdout.getReader();
  const launcher: ProcessRef = JSON.parse(new TextDecoder().decode((await reader.read()).value));
  await reader.cancel();
  const targets = { worker, launchers: [launcher], tokens: ["t1"] };
  // The shell goes on after it has stopped its worker: it has yet to start the second sleep.
  await waitFor(() => findTree(targets).length === 3);
  const tree = findTree(targets);

  const early = await killHard({ ...targets, worker, looks: 1 });
  assert.deepEqual(early, {
    ended: false,
    error: `processes ${worker.pid} do not end after SIGKILL, or fork too fast`,
    survivors: [worker.pid],
  });
  assert.deepEqual(await killHard(targets), { ended: true });
  assert.equal((await child.status).signal, "SIGKILL");
  for (const ref of [launcher, ...tree]) assert(!isAlive(ref), `${ref.pid} is alive`);
});

Deno.test("killHard() does not touch a process that has got the pid of an earlier one", async () => {
  await using it = await launch();
  const reused = { ...it.launcher.ref, startTime: "1" };
  const result = await killHard({ worker: reused, launchers: [reused], tokens: ["none"] });
  assert.deepEqual(result, { ended: true });
  assert(isAlive(it.launcher.ref));
});

Deno.test("killHard() never ends its own process", async () => {
  const worker = processRef(Deno.pid)!;
  const result = await killHard({ worker, launchers: [worker], tokens: ["none"] });
  assert.deepEqual(result, { ended: true });
});

Deno.test("isAlive() is false for a zombie, a process that has gone, and a later one", async () => {
  // The shell does not wait for its child, so the child stays a zombie.
  const parent = new Deno.Command("/bin/sh", {
    args: ["-c", "sleep 0.01 & echo $!; exec sleep 600"],
    stdout: "piped",
  }).spawn();
  const reader = parent.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  await reader.cancel();
  await waitFor(() => processInfo(pid)?.alive === false);
  assert.equal(isAlive(processRef(pid)!), false);
  const ref = processRef(parent.pid)!;
  assert.equal(isAlive(ref), true);
  assert.equal(isAlive({ ...ref, startTime: "1" }), false);
  parent.kill("SIGKILL");
  await parent.status;
  assert.equal(isAlive(ref), false);
  assert.equal(processRef(parent.pid), null);
});

Deno.test("isAlive() and findTree() conclude nothing without a file descriptor", async () => {
  await using dir = await tempDir();
  const at = (name: string) => JSON.stringify(import.meta.resolve(`../../src/worker/${name}.ts`));
  const source = `
    import { isAlive, signal } from ${at("host")};
    import { endTree, findTree } from ${at("process_tree")};
    const parent = ${JSON.stringify(processRef(Deno.pid))};
    const query = { tokens: ["none"], launchers: [] };
    const open = [];
    try { while (true) open.push(Deno.openSync("/dev/null")); } catch { /* Full. */ }
    const refuses = (what) => { try { what(); return "no"; } catch (error) { return error.message; } };
    const said = [isAlive(parent), refuses(() => signal(parent, "SIGCONT")), refuses(() => findTree(query))];
    let ended = false;
    const ending = endTree(query, { killAt: 0 }).then(() => ended = true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    said.push(ended);
    for (const file of open) file.close();
    await ending;
    console.log(JSON.stringify(said));
  `;
  await Deno.writeTextFile(dir.join("main.ts"), source);
  const run = ["run", "--allow-all", "--no-lock", "--no-config", "--no-check", dir.join("main.ts")];
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", 'ulimit -n 64; exec "$0" "$@"', Deno.execPath(), ...run],
  }).output();
  const [alive, signalled, found, ended] = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual([alive, ended], [true, false]);
  assert.match(`${signalled}; ${found}`, /^Too many open files .*; Too many open files /);
});

Deno.test("processInfo() minds names with parentheses and spaces", async () => {
  await using dir = await tempDir();
  const path = dir.join("a) S 1 (b");
  await Deno.symlink("/bin/sleep", path);
  const child = new Deno.Command(path, { args: ["600"] }).spawn();
  const info = await waitFor(() => {
    const found = processInfo(child.pid);
    return Deno.readTextFileSync(`/proc/${child.pid}/comm`) === "a) S 1 (b\n" && found;
  });
  assert.equal(info.parent, Deno.pid);
  assert.match(info.startTime, /^\d+$/);
  child.kill("SIGKILL");
  await child.status;
});

Deno.test("currentHost() is the same for every process of this host", () => {
  assert.deepEqual(currentHost(), currentHost());
  assert.match(currentHost().identity, /^[0-9a-f-]{36} pid:\[\d+\] time:\[\d+\]$/);
});

Deno.test("currentHost() is another one for each user from whom the processes of others are hidden", () => {
  const { identity } = currentHost();
  assert.equal(currentHost(null).identity, `${identity} user:${Deno.uid()}`);
});

Deno.test("killHard() leaves alone what an earlier job of the slot has left", async () => {
  await using it = await launch();
  await it.run("env -i sleep 600 & echo $! >daemon");
  const daemon = await it.pid("daemon");
  it.run("echo $$ >pid; env -i sleep 600 & echo $! >own; wait", "later");
  const [shell, own] = [await it.pid("pid"), await it.pid("own")];
  const { launcher: { ref } } = it;
  assert.deepEqual(await killHard({ worker: null, launchers: [ref], tokens: ["later"] }), {
    ended: true,
  });
  assert.deepEqual([shell, own, daemon].map(alive), [false, false, true]);
  Deno.kill(daemon, "SIGKILL");
});
