/**
 * `queuectl doctor`
 *
 * @module
 */

import { examineAll } from "../../doctor/doctor.ts";
import { escapeText } from "../../escape.ts";
import type { Check, Finding } from "../../store/examination.ts";
import { showAddress } from "../../store/open.ts";
import { type Color, paint } from "../color.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import * as flag from "../flags.ts";
import { resolveLocation } from "../location.ts";
import { countOf } from "../../numbers.ts";

/** How a check is shown that found something, or nothing. */
const COLORS: Readonly<Record<Finding["verdict"] | "ok", Color>> = {
  ok: "green",
  warning: "yellow",
  problem: "red",
};

/** Looks at the store, and at what is around it. */
export const command = defineCommand({
  description: [
    "It looks at the store (is it whole, does all in it fit together), at who may touch it, at workers, " +
    "jobs and schedules that are stuck, at what killed workers have left behind, at the clock, the disk " +
    "and this machine. Each line is a check: ok, a warning, or a problem, which needs action. What mends " +
    "it stands below; where that is sqlite3 or psql, it is the shell of SQLite or PostgreSQL.",
    "It changes nothing, and may run beside workers. A million jobs take about 3 seconds. The longest " +
    "look keeps SQLite from reusing its log, for about a second per million jobs; with --full for " +
    "2.5 seconds.",
    "With --json there is one object: {store, ok, checks}, and in checks {name, verdict, finding, mend} " +
    "for each finding, or for a check without one.",
  ],
  flags: {
    full: flag.boolean({
      summary: "Compare indexes with their tables, too, and count jobs by queue: slower",
    }),
  },
  args: {},
  examples: [
    ["queuectl doctor", "Is all well?"],
    ["queuectl doctor --json | jq -r '.checks[] | select(.mend).mend'", "Only what is to be done"],
    [
      "queuectl doctor > found.txt || mail -s 'queuectl needs help' ada < found.txt",
      "In a crontab",
    ],
  ],
  exitCodes: [
    ["0", "There is no problem; there may be warnings"],
    ["1", "There are problems that need action"],
    ["5", "The store cannot be used, or is damaged"],
  ],
  async run(context, { flags }) {
    const { openStore, stdout, stderr, json, now, location } = context;
    const shown = await showAddress(location);
    const checks: Check[] = [];
    const visit = {
      location,
      command: ownWords(shown, context),
      full: flags.full,
      now,
      open: () => openStore({ create: false, readOnly: true }),
    };
    for await (const check of examineAll(visit)) {
      checks.push(check);
      if (!json) await writeCheck(check, context);
    }
    const findings = checks.flatMap(({ findings }) => findings);
    const problems = findings.filter(({ verdict }) => verdict === "problem");
    if (json) {
      await stdout.json({
        store: shown,
        ok: problems.length === 0,
        checks: checks.flatMap(checkToJson),
      });
    } else {
      const warnings = countOf(findings.length - problems.length, "warning");
      await stderr.line(`${countOf(problems.length, "problem")}, ${warnings}`);
    }
    if (problems.some(({ isUnusable }) => isUnusable)) return 5;
    return problems.length > 0 ? 1 : 0;
  },
});

async function writeCheck({ name, text, findings }: Check, { stdout }: Context): Promise<void> {
  const line = (verdict: keyof typeof COLORS, said: string) =>
    stdout.line(
      `${paint(verdict.padEnd(7), COLORS[verdict], stdout.color)}  ${name.padEnd(9)}  ${
        escapeText(said)
      }`,
    );
  if (findings.length === 0) await line("ok", text);
  for (const { verdict, text, mend } of findings) {
    await line(verdict, text);
    if (mend !== null) await stdout.line(`         ${escapeText(mend)}`);
  }
}

function checkToJson({ name, text, findings }: Check): unknown[] {
  if (findings.length === 0) return [{ name, verdict: "ok", finding: text, mend: null }];
  return findings.map(({ verdict, text, mend }) => ({ name, verdict, finding: text, mend }));
}

/** As a user has to type it in this place to mean the same store; a password he has to know. */
function ownWords(shown: string, { location, env, cwd }: Context): string[] {
  try {
    const usual = resolveLocation({ flag: undefined, env, cwd: () => cwd });
    if (usual === location) return ["queuectl"];
  } catch {
    // Without --db there is no store.
  }
  return ["queuectl", "--db", shown];
}
