import assert from "node:assert/strict";
import { isAlive, listProcesses, processInfo } from "../../src/worker/host.ts";
import {
  Launcher,
  type LauncherJob,
  removeStatus,
  salvageStatus,
} from "../../src/worker/launcher.ts";
import { PLACES } from "../../src/worker/line.ts";
import type { AttemptResult } from "../../src/worker/protocol.ts";
import { spoolPaths } from "../../src/worker/spool.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** What macOS has as `/bin/sh`, beside whatever this machine has. */
const SHELLS = [["/bin/sh"], ["bash", "--posix"]] as const;

interface Ran {
  readonly result: AttemptResult;
  readonly out: string;
  readonly err: string;
}

/** A launcher with a spool directory of its own, and the means to run commands in it. */
async function launch(shell: readonly [string, ...string[]] = ["/bin/sh"]) {
  const dir = await tempDir();
  const launcher = await Launcher.start(dir.path, shell);
  let count = 0;

  function prepare(command: string, options: Partial<LauncherJob> = {}): LauncherJob {
    const token = options.token ?? `t${++count}`;
    const paths = spoolPaths(dir.path, token);
    for (const path of [paths.stdout, paths.stderr]) Deno.writeTextFileSync(path, "");
    return { token, command, cwd: dir.path, env: {}, paths, hasInput: false, ...options };
  }

  async function run(command: string, options: Partial<LauncherJob> = {}): Promise<Ran> {
    const job = prepare(command, options);
    const result = await launcher.run(job);
    const read = (path: string) => new TextDecoder().decode(Deno.readFileSync(path));
    const ran = { result, out: read(job.paths.stdout), err: read(job.paths.stderr) };
    for (const path of [job.paths.stdout, job.paths.stderr]) Deno.removeSync(path);
    return ran;
  }

  return {
    launcher,
    dir: dir.path,
    prepare,
    run,
    async [Symbol.asyncDispose]() {
      await launcher.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function exit(code: number): AttemptResult {
  return { kind: "exit", code };
}

/** The launcher's child, which is the command, or the subshell that is about to become it. */
function childOf(pid: number): number | null {
  const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? null : Number(text.split(" ")[0]);
}

for (const shell of SHELLS) {
  const name = shell.join(" ");

  Deno.test(`Launcher (${name}) reports how commands end`, async () => {
    await using it = await launch(shell);
    const expected: [string, number][] = [
      ["true", 0],
      ["exit 3", 3],
      ["kill -9 $$", 137],
      ["kill $$; sleep 60", 143],
      ["kill -INT $$; sleep 60", 130],
      ["exec false", 1],
      ["no-such-command-anywhere", 127],
      ["/dev/null", 126],
      ["-leading-dash", 127],
      ["if", 2],
      ["", 0],
      ["exit 255", 255],
      ["(exit 7", 2],
      ["# a comment", 0],
    ];
    for (const [command, code] of expected) {
      const { result } = await it.run(command);
      assert.deepEqual(result, exit(code), command);
    }
  });

  Deno.test(`Launcher (${name}) gives a command its streams, and no word of its own`, async () => {
    await using it = await launch(shell);
    const { out, err } = await it.run("echo out; echo err >&2; cat; kill -9 $$");
    assert.deepEqual([out, err], ["out\n", "err\n"]);
  });

  Deno.test(`Launcher (${name}) gives a command its text byte for byte`, async () => {
    await using it = await launch(shell);
    const text = `it's "quoted" \\ $HOME \`x\` 漢 \t\r !`;
    const { out } = await it.run(`cat <<'END'\n${text}\nEND\n`);
    assert.equal(out, `${text}\n`);
  });

  Deno.test(`Launcher (${name}) runs a command of 131,071 bytes`, async () => {
    await using it = await launch(shell);
    const tail = "; exit 9";
    const command = ": ".padEnd(131_071 - tail.length, "x") + tail;
    assert.deepEqual((await it.run(command)).result, exit(9));
  });

  Deno.test(`Launcher (${name}) leaks no descriptor, and leaves signals at their default`, async () => {
    await using it = await launch(shell);
    // What this test process itself passes on is not the launcher's doing.
    const plain = await new Deno.Command("/bin/sh", {
      args: ["-c", "ls /proc/self/fd"],
      stdin: "null",
    }).output();
    const fds = await it.run("ls /proc/self/fd");
    assert.equal(fds.out, new TextDecoder().decode(plain.stdout));
    const signals = await it.run("exec cat /proc/self/status");
    for (const field of ["SigIgn", "SigCgt", "SigBlk"]) {
      const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(signals.out)?.[1];
      // Signals 32 and 33 belong to the C library; where Deno was started by it, they are ignored.
      assert.equal(BigInt(`0x${mask}`) & 0x7fff_ffffn, 0n, `${field}: ${mask}`);
    }
  });

  Deno.test(`Launcher (${name}) sets the directory, PWD and the environment`, async () => {
    await using it = await launch(shell);
    Deno.mkdirSync(`${it.dir}/a dir`);
    Deno.symlinkSync(`${it.dir}/a dir`, `${it.dir}/link`);
    const env = { QUEUECTL_JOB_ID: "it's", QUEUECTL_DB: "/a b/c", QUEUECTL_QUEUE: "" };
    const ran = await it.run(
      `printf '%s|' "$PWD" "$(pwd -P)" "$QUEUECTL_JOB_ID" "$QUEUECTL_DB" "\${QUEUECTL_QUEUE-unset}"`,
      { cwd: `${it.dir}/link`, env },
    );
    assert.equal(ran.out, `${it.dir}/link|${it.dir}/a dir|it's|/a b/c||`);
    const next = await it.run(`printf '%s' "\${QUEUECTL_JOB_ID-unset}"`);
    assert.equal(next.out, "unset");
  });

  Deno.test(`Launcher (${name}) passes on variables that mean something to a shell`, async () => {
    await using it = await launch(shell);
    const env = {
      IFS: "x",
      OPTIND: "7",
      PPID: "1",
      LINENO: "99",
      PS4: "$(touch pwned)",
      ENV: "/nowhere",
      TRACEPARENT: "it's $(touch pwned)",
      UID: "5",
      RANDOM: "4",
      SHELLOPTS: "xtrace",
      MULTI: "a\nb'c",
      __queuectl_s: "5",
    };
    // The command's own /bin/sh may change some of them again, so its environment is looked at.
    const direct = await it.run("tr '\\0' '\\001' </proc/$$/environ", { env });
    const seen = new Map(
      direct.out.split("\x01").map((entry) => [entry.split("=")[0], entry.replace(/^[^=]*=/, "")]),
    );
    for (const [key, value] of Object.entries(env)) assert.equal(seen.get(key), value, key);
    assert.deepEqual((await it.run("exit 4")).result, exit(4), "the launcher is as before");
  });

  Deno.test(`Launcher (${name}) says why a command could not be started`, async () => {
    await using it = await launch(shell);
    Deno.writeTextFileSync(`${it.dir}/file`, "");
    const cases: [string, string][] = [
      ["/no/such", "working directory /no/such does not exist"],
      [`${it.dir}/file`, `working directory ${it.dir}/file is not a directory`],
      [`${it.dir}/file/x`, `working directory ${it.dir}/file/x is not a directory`],
      [`/${"x".repeat(300)}`, `working directory /${"x".repeat(300)} cannot be entered`],
    ];
    for (const [cwd, error] of cases) {
      const { result } = await it.run("true", { cwd });
      assert.deepEqual(result, { kind: "not_started", error });
    }
    const paths = spoolPaths(`${it.dir}/gone`, "t");
    const job = { ...it.prepare("true"), paths };
    const error = "The files for the command's output cannot be opened";
    assert.deepEqual(await it.launcher.run(job), { kind: "not_begun", error });
    assert.deepEqual((await it.run("exit 1")).result, exit(1));
  });

  Deno.test(`Launcher (${name}) does not wait for what a command leaves behind`, async () => {
    await using it = await launch(shell);
    const ran = await it.run("sleep 600 & echo $!");
    const info = processInfo(Number(ran.out));
    assert.equal(info?.alive, true);
    Deno.kill(Number(ran.out), "SIGKILL");
  });

  Deno.test(`Launcher (${name}) survives what a command sends to its group`, async () => {
    await using it = await launch(shell);
    const codes = { HUP: 129, INT: 130, QUIT: 131, PIPE: 141, ALRM: 142, TERM: 143, USR1: 138 };
    for (const [signal, code] of Object.entries(codes)) {
      const { result } = await it.run(`ulimit -c 0; kill -${signal} 0; sleep 60`);
      assert.deepEqual(result, exit(code), signal);
    }
    assert.deepEqual((await it.run("true")).result, exit(0));
  });

  Deno.test(`Launcher (${name}) lets a signal right after the start through`, async () => {
    await using it = await launch(shell);
    for (let round = 0; round < 300; round++) {
      const [signal, code] = round % 2 === 0 ? ["SIGTERM", 143] as const : ["SIGINT", 130] as const;
      const ended = it.launcher.run(it.prepare("exec sleep 60", { token: `r${round}` }));
      const started = () => {
        const pid = childOf(it.launcher.ref.pid);
        return pid !== null && Deno.readTextFileSync(`/proc/${pid}/comm`) === "sleep\n" && pid;
      };
      Deno.kill(await waitFor(started, { interval: 0 }), signal);
      assert.deepEqual(await ended, exit(code), `round ${round}`);
    }
  });

  Deno.test(`Launcher (${name}) leaves the status for a rescuer, also without its worker`, async () => {
    await using it = await launch(shell);
    const { launcher, dir } = it;
    await it.run("exit 258", { token: "an-earlier-one-with-a-long-token" });
    assert.equal(salvageStatus(dir, launcher.ref, "later", dir), null);
    // Those in whose line a command waits that the store has not heard of are all kept.
    const codes = Array.from({ length: PLACES + 1 }, (_, i) => i + 1);
    for (const code of [0, ...codes]) await it.run(`exit ${code}`, { token: `n${code}` });
    const kept = (token: string) => salvageStatus(dir, launcher.ref, token, dir);
    for (const code of codes) assert.deepEqual(kept(`n${code}`), exit(code));
    Deno.mkdirSync(`${dir}/pipe`);
    await new Deno.Command("mkfifo", { args: [`${dir}/pipe/go`] }).output();
    const ended = launcher.run(it.prepare("read x <pipe/go; exit 5", { token: "last" }));
    await waitFor(() => childOf(launcher.ref.pid));
    assert.equal(salvageStatus(dir, launcher.ref, "last", dir), null, "while it runs");
    // The worker's end of the pipe is closed while the command runs.
    const closed = launcher.close();
    Deno.writeTextFileSync(`${dir}/pipe/go`, "\n");
    assert.deepEqual(await ended, exit(5));
    await closed;
    assert.equal(isAlive(launcher.ref), false);
  });
}

Deno.test("salvageStatus() reads what a launcher left whose worker died", async () => {
  await using dir = await tempDir();
  const paths = spoolPaths(dir.path, "t1");
  const source = `
    import { Launcher } from ${JSON.stringify(import.meta.resolve("../../src/worker/launcher.ts"))};
    const launcher = await Launcher.start(${JSON.stringify(dir.path)});
    console.log(JSON.stringify(launcher.ref));
    const paths = ${JSON.stringify(paths)};
    launcher.run({
      token: "t1", command: "kill -9 $WORKER; while ! [ -e go ]; do sleep 0.01; done; exit 6",
      cwd: ${JSON.stringify(dir.path)}, env: { WORKER: String(Deno.pid) }, paths, hasInput: false,
    });
  `;
  const main = dir.join("main.ts");
  await Deno.writeTextFile(main, source);
  const { stdout, signal } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-lock", "--no-config", "--no-check", main],
  }).output();
  assert.equal(signal, "SIGKILL");
  const ref = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(salvageStatus(dir.path, ref, "t1", "/"), null);
  await Deno.writeTextFile(dir.join("go"), "");
  await waitFor(() => !isAlive(ref), { message: "the launcher to end by itself" });
  assert.deepEqual(salvageStatus(dir.path, ref, "t1", "/"), exit(6));
  removeStatus(dir.path, ref);
  assert.equal(salvageStatus(dir.path, ref, "t1", "/"), null);
});

Deno.test("salvageStatus() takes no half line", async () => {
  await using dir = await tempDir();
  const ref = { pid: 1, startTime: "2" };
  const file = dir.join("launcher-1-2.status");
  await Deno.writeTextFile(file, "t1 13");
  assert.equal(salvageStatus(dir.path, ref, "t1", "/"), null);
  await Deno.writeTextFile(file, "t1 directory\nrest");
  const salvaged = salvageStatus(dir.path, ref, "t1", "/no/such");
  const error = "working directory /no/such does not exist";
  assert.deepEqual(salvaged, { kind: "not_started", error });
});

Deno.test("Launcher tells when it died by other hands", async () => {
  await using it = await launch();
  const { result } = await it.run("kill -9 0");
  assert.deepEqual(result, { kind: "launcher_died" });
  await it.launcher.ended;
  assert.equal((await it.run("true")).result.kind, "not_begun");
});

Deno.test("Launcher says that nothing has begun when it could not fork", async () => {
  // What dash and bash do then: they end, with 2 and 254.
  const shell = "read trap; read report; read job; exit 2";
  await using it = await launch(["/bin/sh", "-c", shell]);
  const error = "The slot's launcher could not start another process";
  assert.deepEqual((await it.run("true")).result, { kind: "not_begun", error });
});

Deno.test("Launcher.start() leaves no process where its file cannot be made", async () => {
  await using dir = await tempDir();
  const children = () => [...listProcesses().values()].filter(({ parent }) => parent === Deno.pid);
  const before = children();
  await assert.rejects(Launcher.start(dir.join("missing")), Deno.errors.NotFound);
  assert.deepEqual(children(), before);
});

Deno.test("Launcher gives a command the input of its job", async () => {
  await using it = await launch();
  const job = { ...it.prepare("cat"), hasInput: true };
  await Deno.writeTextFile(job.paths.stdin, "the input\n");
  assert.deepEqual(await it.launcher.run(job), exit(0));
  assert.equal(await Deno.readTextFile(job.paths.stdout), "the input\n");
});

Deno.test("Launcher.close() leaves nothing of the launcher", async () => {
  await using dir = await tempDir();
  const launcher = await Launcher.start(dir.path);
  await launcher.close();
  assert.equal(isAlive(launcher.ref), false);
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});

Deno.test("Launcher resets signals that its worker was told to ignore, and drops an outer job's variables", async () => {
  await using dir = await tempDir();
  const paths = spoolPaths(dir.path, "t1");
  const source = `
    import { Launcher } from ${JSON.stringify(import.meta.resolve("../../src/worker/launcher.ts"))};
    const launcher = await Launcher.start(${JSON.stringify(dir.path)});
    await launcher.run({
      token: "t1", command: "grep SigIgn /proc/self/status; env",
      cwd: "/", env: {}, paths: ${JSON.stringify(paths)}, hasInput: false,
    });
    await launcher.close();
  `;
  await Deno.writeTextFile(dir.join("main.ts"), source);
  const { code } = await new Deno.Command("/bin/sh", {
    args: [
      "-c",
      `trap '' HUP INT QUIT TERM; exec "$@"`,
      "sh",
      Deno.execPath(),
      "run",
      "--allow-all",
      "--no-lock",
      "--no-config",
      "--no-check",
      dir.join("main.ts"),
    ],
    env: { QUEUECTL_ATTEMPT_TOKEN: "outer", QUEUECTL_JOB_ID: "outer", KEPT: "yes" },
  }).output();
  assert.equal(code, 0);
  const out = await Deno.readTextFile(paths.stdout);
  // Bit 31 is glibc's own SIGCANCEL, which the posix_spawn of this test's Deno sets to be ignored.
  const ignored = BigInt(`0x${/^SigIgn:\s*(\w+)$/m.exec(out)?.[1]}`);
  assert.equal(ignored & 0x7fff_ffffn, 0n);
  assert.match(out, /^KEPT=yes$/m);
  assert.doesNotMatch(out, /QUEUECTL_/);
});
