/**
 * The crontab of the README, and its lines run as cron would run them.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { RunningProgram } from "../helpers/cli.ts";
import { codeBlocks, crontabCommands } from "../toolchain/command_lines.ts";
import { REPOSITORY } from "../toolchain/folders.ts";
import { shellQuote } from "../../src/worker/quote.ts";
import type { Stage } from "./stage.ts";

const README = await Deno.readTextFile(`${REPOSITORY}README.md`);

const found = codeBlocks(README).filter(({ language }) => language === "crontab");
assert.equal(found.length, 1, "README.md has one crontab");

/** The crontab, as it stands in the README. */
export const CRONTAB: string = found[0]!.text;

const [worker, enqueue, ...more] = crontabCommands(CRONTAB);
assert.deepEqual(more, []);

/** The line that works. */
export const WORKER: string = worker!;
/** The line that enqueues. */
export const ENQUEUE: string = enqueue!;

assert.match(WORKER, /^queuectl worker start --drain --singleton( |$)/);
assert.match(ENQUEUE, /^queuectl enqueue /);

/**
 * The crontab with the program of a stage in place of the installed one, and with a line that names the store if it
 * is not in the default place.
 */
export function crontabOf(stage: Stage): string {
  const installed = /^PATH=\/usr\/local\/bin:/m;
  assert.match(CRONTAB, installed);
  const variables = Object.entries(stage.variables).map(([name, value]) => `${name}=${value}\n`);
  return variables.join("") + CRONTAB.replace(installed, `PATH=${stage.join("cron-bin")}:`);
}

/** What cron sets, with the variables of the crontab; undefined takes one away. */
export type CronVariables = Readonly<Record<string, string | undefined>>;

/** The environment in which cron runs the lines. */
function environment(stage: Stage, changed: CronVariables): string[] {
  const written = crontabOf(stage).matchAll(/^(\w+)=(.*)$/gm);
  const variables: CronVariables = {
    HOME: stage.home,
    LOGNAME: "ada",
    SHELL: "/bin/sh",
    PATH: "/usr/bin:/bin",
    ...Object.fromEntries([...written].map(([, name, value]) => [name, value])),
    ...changed,
  };
  return Object.entries(variables).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`]
  );
}

/**
 * Puts the program into `cron-bin`: unlike `bin`, it needs nothing of the environment. From source it
 * needs the packages, and the mark of the stage is needed by the stage.
 */
export async function installForCron(stage: Stage): Promise<void> {
  const needed = ["DENO_DIR", "DENO_NO_UPDATE_CHECK", "QT_STAGE"];
  const exports = needed.map((name) => `echo "export ${name}='$${name}'"`).join("; ");
  await Deno.mkdir(stage.join("cron-bin"));
  await stage.sh(
    `{ echo '#!/bin/sh'; ${exports}; tail -n +2 bin/queuectl; } > cron-bin/queuectl
     chmod 755 cron-bin/queuectl`,
  );
}

/**
 * Starts a line of the crontab as cron does: by `/bin/sh -c`, in a session of its own, with next to no
 * environment, nothing to read, and in the home directory. {@linkcode installForCron} goes before.
 */
export async function cron(
  stage: Stage,
  line: string,
  changed: CronVariables = {},
): Promise<RunningProgram> {
  const words = ["env", "-i", ...environment(stage, changed), "setsid", "/bin/sh", "-c", line];
  return await stage.shell(`exec ${words.map(shellQuote).join(" ")}`, { stdin: "" });
}

/** Runs a line to its end; returns the exit code and what cron would mail. */
export async function cronEnd(
  stage: Stage,
  line: string,
  changed: CronVariables = {},
): Promise<{ readonly code: number; readonly mail: string }> {
  const { code, stdout, stderr } = await (await cron(stage, line, changed)).ended();
  return { code, mail: stdout + stderr };
}
