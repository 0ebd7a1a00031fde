/**
 * `deno task compile`: builds the executable `dist/queuectl`.
 *
 * `deno compile` needs the runtime that it puts a program into. If `DENORT_BIN` names one, it is taken,
 * and must be of the Deno that runs. Else Deno downloads its own, and where its download host cannot be
 * reached, the runtime of the oldest Deno comes from the npm registry.
 *
 * @module
 */

import { V8_FLAGS } from "../../src/cli/own_command.ts";
import { bundle, type Program } from "./bundle.ts";
import { CommandError, run } from "./command.ts";
import { REPOSITORY } from "./folders.ts";
import { OLDEST_DENO, oldestDeno, oldestRuntime } from "./oldest_deno.ts";

/** Is told what is going on, a sentence each time. */
export type Say = (sentence: string) => void;

/**
 * Compiles a program to an executable, which replaces what is at `output`, and starts it once to see
 * that it works.
 *
 * @param runtime the path of the runtime to put it into; what `DENORT_BIN` names if absent
 * @throws {CommandError} if the program cannot be compiled or does not start
 */
export async function compile(
  program: Program,
  output: string,
  say: Say,
  runtime = Deno.env.get("DENORT_BIN"),
): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "queuectl-compile-" });
  try {
    const executable = `${scratch}/queuectl`;
    await compileHere(program, executable, { say, denoDir: `${scratch}/deno`, runtime });
    await run([executable, "--version"]);
    // Copied beside its place first: the scratch folder may be on another disk.
    const copy = `${output}.${crypto.randomUUID()}`;
    await Deno.copyFile(executable, copy);
    await Deno.rename(copy, output);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** An executable would be traced for ever that is made where this is set. */
const UNTRACED = { OTEL_DENO: "false" };

async function compileHere(
  program: Program,
  executable: string,
  { say, denoDir, runtime }: {
    readonly say: Say;
    readonly denoDir: string;
    readonly runtime: string | undefined;
  },
): Promise<void> {
  // Without a code cache: it would be a file of a known name in the shared temporary directory, whose
  // owner could decide what runs here, and the start was no faster with it.
  const command = [
    ...["compile", "--quiet", "--allow-all", "--no-config", "--no-lock", "--no-check"],
    ...["--no-code-cache", V8_FLAGS],
    ...program.include.flatMap((path) => ["--include", path]),
    ...["--output", executable, program.main],
  ];
  const cwd = program.folder;
  try {
    const env = { ...UNTRACED, ...runtime === undefined ? {} : { DENORT_BIN: runtime } };
    await run([Deno.execPath(), ...command], { cwd, env });
    say(`Compiled with ${runtime ?? `the runtime of Deno ${Deno.version.deno}`}.`);
    return;
  } catch (error) {
    if (!(error instanceof CommandError) || runtime !== undefined) throw error;
    say(`Deno ${Deno.version.deno} cannot compile here (${error.reason}).`);
  }
  say(
    `Taking the runtime of Deno ${OLDEST_DENO} from the npm registry (182 MB, once).`,
  );
  // Its own DENO_DIR: two versions that share one empty each other's caches.
  const env = { ...UNTRACED, DENORT_BIN: await oldestRuntime(), DENO_DIR: denoDir };
  await run([await oldestDeno(), ...command], { cwd, env });
  say(`Compiled with the runtime of Deno ${OLDEST_DENO}.`);
}

/**
 * Makes an executable of queuectl as its source is now, at `output`.
 *
 * @throws {CommandError} if it cannot be made
 */
export async function compileQueuectl(output: string, say: Say): Promise<void> {
  const scratch = await Deno.makeTempDir({ prefix: "queuectl-bundle-" });
  try {
    const program = await bundle(scratch);
    say("Bundled main.ts and the executor of the worker.");
    await compile(program, output, say);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

if (import.meta.main) {
  const output = `${REPOSITORY}dist/queuectl`;
  await Deno.mkdir(`${REPOSITORY}dist`, { recursive: true });
  await compileQueuectl(output, (sentence) => console.log(sentence));
  const { size } = await Deno.stat(output);
  console.log(`Made dist/queuectl, ${(size / 1e6).toFixed(1)} MB. Try: dist/queuectl demo`);
}
