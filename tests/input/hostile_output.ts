/**
 * What users, jobs and other machines wrote, through every command that prints it.
 *
 * @module
 */

import fc from "fast-check";
import { columnsOf, crookedAt } from "./columns.ts";
import { HOSTILE_IDS, hostileQueue, hostileTexts } from "./hostile_queue.ts";
import { type InputProperty, inputProperty } from "./property.ts";
import { World } from "./world.ts";

const TABLES: readonly (readonly string[])[] = [
  ["list"],
  ["list", "--state", "processing,dead", "--sort", "created"],
  ["dlq", "list"],
  ["worker", "list"],
  ["queue", "list"],
  ["schedule", "list"],
  ["status"],
  ...HOSTILE_IDS.map((id) => ["show", id]),
];

const OTHERS: readonly (readonly string[])[] = [
  ...HOSTILE_IDS.map((id) => ["explain", id]),
  ["dlq", "show", "dead"],
  ["config", "list"],
  ["export"],
  ["wait", "done"],
  ["logs", "done"],
];

/** What changes something and says so, in an order in which each has something to do. */
const ACTIONS: readonly (readonly string[])[] = [
  ["cancel", "wait", "done"],
  ["retry", "dead", "gone", "busy"],
  ["release", "held", "later"],
  ["edit", "later", "--priority", "3"],
  ["delete", "held", "busy"],
  ["dlq", "retry", "--all"],
  ["prune", "--state", "completed"],
];

/** Widths of terminals; null is none. */
const WIDTHS = [null, 1, 20, 40, 61, 80, 100, 200] as const;

/** A terminal of this width is wide enough for every table whose columns can all give way. */
const WIDE = 100;

const printed: InputProperty = inputProperty({
  title: "nothing that somebody wrote reaches a terminal unescaped, and tables stay straight",
  runs: 8,
  inputs: fc.tuple(hostileTexts, fc.constantFrom(...WIDTHS)),
}, async (world, [texts, columns]) => {
  await using hostile = await World.open(() => hostileQueue(texts));
  const terminal = columns === null ? {} : { columns };
  const codes = [0];
  for (const args of TABLES) {
    const { stdout } = await hostile.try(args, { ...terminal, codes });
    const crooked = crookedAt(stdout);
    if (crooked !== null) {
      throw new Error(`queuectl ${args.join(" ")}: crooked at ${crooked}\n${stdout}`);
    }
    const widest = Math.max(...stdout.split("\n").map(columnsOf));
    if (columns !== null && columns >= WIDE && args[0] === "list" && widest > columns) {
      throw new Error(
        `queuectl ${args.join(" ")}: ${widest} columns on a terminal of ${columns}\n${stdout}`,
      );
    }
  }
  for (const args of [...TABLES, ...OTHERS]) {
    const isBody = args[0] === "logs" || args[0] === "export";
    if (!isBody) await hostile.try([...args, "--json"], { codes, json: true });
  }
  for (const args of OTHERS) await hostile.try(args, { ...terminal, codes });
  const schedule = ["schedule", "next", "--", texts.schedule];
  await hostile.try(schedule, terminal);
  for (const verb of ["pause", "resume", "remove"]) {
    await hostile.try(["schedule", verb, "--", texts.schedule, "x\n"], { ...terminal, each: true });
  }
  for (const verb of ["pause", "resume"]) {
    await hostile.try(["queue", verb, "--", texts.queue], { ...terminal, each: true });
  }
  await hostile.try(["list", `--queue=${texts.queue}`, `--tag=${texts.tag}`], terminal);
  await hostile.try(["enqueue", `--unique-key=${texts.uniqueKey}`, "--", "true"], terminal);
  for (const shell of ["bash", "zsh", "fish"]) {
    for (
      const words of [["show", ""], ["enqueue", "--queue", ""], ["list", "--tag", ""], [
        "schedule",
        "next",
        "",
      ]]
    ) {
      await hostile.try(["__complete", shell, "--", ...words], { codes, tabs: true });
    }
  }
  for (const args of ACTIONS) await hostile.try(args, { ...terminal, each: true });
  world.tally.inputs += hostile.tally.inputs;
  world.tally.accepted += hostile.tally.accepted;
  world.tally.refused += hostile.tally.refused;
});

/** What is asked of everything that is printed. */
export const OUTPUT_PROPERTIES: readonly InputProperty[] = [printed];
