import assert from "node:assert/strict";
import { queuectl, spawnQueuectl } from "../helpers/cli.ts";
import { start } from "../helpers/program.ts";
import { type TempDir, tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** The demo takes 12 s; on a busy machine it takes four times as long. */
const PATIENCE = 120_000;

/** The user's home, which is to stay empty, and the place of the demo's own directory. */
interface Surroundings extends AsyncDisposable {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  /** What there is: files, and processes that know the place of the directory. */
  left(): Promise<string[]>;
}

async function surroundings(): Promise<Surroundings> {
  const home: TempDir = await tempDir();
  const temp = await tempDir();
  return {
    home: home.path,
    env: { TMPDIR: temp.path },
    async left() {
      const found = processesOf(temp.path);
      for (const folder of [home.path, temp.path]) {
        for await (const { name } of Deno.readDir(folder)) found.push(`${folder}/${name}`);
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await temp[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

/** The command lines of the processes whose environment or command line names a folder. */
function processesOf(folder: string): string[] {
  const found: string[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [command, environment] = ["cmdline", "environ"].map((file) =>
        Deno.readTextFileSync(`/proc/${name}/${file}`).replaceAll("\0", " ")
      );
      if (`${command}${environment}`.includes(folder)) found.push(command!);
    } catch {
      // It has ended, or belongs to somebody else.
    }
  }
  return found;
}

Deno.test("demo (source) verifies every step and leaves nothing behind", async () => {
  await using place = await surroundings();
  const { home, env } = place;
  const { code, stdout, stderr } = await queuectl(["demo"], {
    home,
    env,
    cwd: "/",
    timeout: PATIENCE,
  });
  assert.deepEqual([code, stderr], [0, ""], stdout);
  assert.match(stdout, /^6 of 6 steps verified, \d+ checks, \d+\.\d s$/m);
  assert.match(stdout, /^Your turn:$/m);
  assert.equal(stdout.includes("\x1b"), false);
  assert.deepEqual(await place.left(), []);
});

Deno.test("demo (executable) --json --keep prints one value, and the store stays", async () => {
  await using place = await surroundings();
  const { home, env } = place;
  const options = { via: "executable", home } as const;
  const { code, stdout, stderr } = await queuectl(["demo", "--json", "--keep"], {
    ...options,
    env,
    cwd: "/",
  });
  assert.deepEqual([code, stderr], [0, ""], stdout);
  const { ok, steps, store, directory } = JSON.parse(stdout);
  assert.equal(ok, true);
  assert.deepEqual(
    steps.map((step: { name: string; ok: boolean }) => [step.name, step.ok]),
    ["files", "retry", "dlq", "parallel", "crash", "restart"].map((name) => [name, true]),
  );
  assert.deepEqual(await place.left(), [directory]);
  const list = await queuectl(["list", "--state", "completed", "--json"], {
    ...options,
    db: store,
  });
  assert.equal(JSON.parse(list.stdout).length, 25);
});

Deno.test("demo names the step that fails and why, with exit code 1", async () => {
  await using place = await surroundings();
  await using bin = await tempDir();
  await linkAllBut("gzip", bin.path);
  const { home, env } = place;
  const { code, stdout, stderr } = await queuectl(["demo", "--json"], {
    home,
    env: { ...env, PATH: bin.path },
  });
  assert.equal(code, 1);
  assert.match(stderr, /^queuectl: Step 1 \(files\) failed: job gzip-\S+ is dead: .*gzip.*\n$/);
  const { ok, steps } = JSON.parse(stdout);
  assert.deepEqual([ok, steps[0].ok, steps[1].ok], [false, false, null]);
  assert.deepEqual(await place.left(), []);
});

/** A folder with the programs of the system except one. */
async function linkAllBut(missing: string, folder: string): Promise<void> {
  for (const source of ["/bin", "/usr/bin"]) {
    for await (const { name } of Deno.readDir(source)) {
      if (name === missing) continue;
      await Deno.symlink(`${source}/${name}`, `${folder}/${name}`).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      });
    }
  }
}

/** At which line of the demo which signal ends it, and what it says then. */
const ENDS: readonly (readonly [string, Deno.Signal, number, string])[] = [
  // Workers in the background, with running jobs.
  ["3 workers, 6 slots", "SIGINT", 130, "Interrupted; cleaning up\n"],
  // A worker in the foreground.
  ["import started", "SIGTERM", 143, "Interrupted; cleaning up\n"],
  // A job whose worker is dead.
  ["0 workers, 0 slots", "SIGHUP", 129, "Interrupted; cleaning up\n"],
  ["import started", "SIGKILL", 137, ""],
];

Deno.test("demo leaves nothing behind, whatever signal ends it", async () => {
  await Promise.all(ENDS.map(async ([line, signal, expected, said]) => {
    await using place = await surroundings();
    const { home, env } = place;
    await using program = await spawnQueuectl(["demo"], { home, env });
    await program.line(line, { timeout: PATIENCE });
    program.kill(signal);
    const { code, stderr } = await program.ended();
    assert.deepEqual([code, stderr], [expected, said]);
    // After a SIGKILL somebody else has to clean up, which takes a moment.
    let left: string[] = [];
    if (signal === "SIGKILL") {
      await waitFor(async () => (left = await place.left()).length === 0, {
        message: () => `the end of ${left.join(", ")}`,
      });
    }
    assert.deepEqual(await place.left(), []);
  }));
});

Deno.test("demo ends with 141 when nobody reads on, and leaves nothing behind", async () => {
  await using place = await surroundings();
  const { command: [program, ...args], env } = await start("source");
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", '"$@" demo | head -n 1 >&2; echo ${PIPESTATUS[0]}', "-", program, ...args],
    env: { ...env, ...place.env, HOME: place.home },
  }).output();
  assert.deepEqual([stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)), [
    "141\n",
    "queuectl at work, in a store of its own:\n",
  ]);
  assert.deepEqual(await place.left(), []);
});
