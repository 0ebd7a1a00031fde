/**
 * Command lines of every command: understood, or refused in a sentence.
 *
 * @module
 */

import fc from "fast-check";
import { Queue } from "../cli/queue.ts";
import { commandLine } from "./grammar.ts";
import { type InputProperty, inputProperty } from "./property.ts";
import { argument, near, text } from "./texts.ts";
import { anyValue, cron, duration, number, part, time, timezone } from "./values.ts";

/** Two jobs, a schedule and a queue, to be found or missed. */
async function smallQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.add("job-a", { id: "job-b", held: true, tags: ["x"] });
  await queue.cli("schedule", "add", "nightly", "--cron", "@daily", "--", "true");
  await queue.cli("queue", "pause", "mail");
  return queue;
}

/** Commands that act on each of their words by itself. */
const EACH = /^(cancel|kill|retry|release|delete|rm|dlq|queue|schedule|edit|prune|import)/;

const anyCommand: InputProperty = inputProperty({
  title: "every command line is understood or refused in one sentence",
  runs: 500,
  inputs: fc.tuple(commandLine, fc.option(text, { nil: undefined })),
  make: smallQueue,
}, async (world, [args, stdin]) => {
  const each = args.some((word) => EACH.test(word));
  // The bare name of a group answers with its help, on stderr.
  const isHelp = args.every((word) => /^(worker|-)/.test(word));
  await world.try(args, { each: each || isHelp, ...(stdin === undefined ? {} : { stdin }) });
});

/** One value that is read with care, and the command that reads it. */
const scalar: fc.Arbitrary<readonly string[]> = fc.oneof(
  duration.map((value) => ["enqueue", `--delay=${value}`, "--", "true"]),
  duration.map((value) => ["enqueue", "--timeout", value, "--", "true"]),
  duration.map((value) => ["prune", "--older-than", value]),
  time.map((value) => ["enqueue", `--run-at=${value}`, "--", "true"]),
  fc.tuple(cron, timezone).map(([expression, zone]) => [
    ...[
      "schedule",
      "add",
      `s${expression.length}x${zone.length}`,
      `--cron=${expression}`,
      `--tz=${zone}`,
      "--",
      "true",
    ],
  ]),
  fc.tuple(near("nightly", "a.b", "A"), cron).map((
    [name, value],
  ) => ["schedule", "add", `--cron=${value}`, "--command=true", name]),
  number.map((value) => ["enqueue", `--priority=${value}`, "--", "true"]),
  number.map((value) => ["enqueue", `--max-retries=${value}`, "--", "true"]),
  number.map((value) => ["enqueue", `--backoff-jitter=${value}`, "--", "true"]),
  number.map((value) => ["list", `--limit=${value}`]),
  near("1,64", "255", "0", "256").map((
    value,
  ) => ["enqueue", `--fatal-exit-code=${value}`, "--", "true"]),
  fc.tuple(
    near(
      "max-retries",
      "backoff_base",
      "LEASE",
      "poll_interval",
      "max_output",
      "retention_dead",
      "worker_count",
      "timeout",
    ),
    fc.oneof(duration, number, near("1MiB", "512 KB", "forever", "none")),
  ).map(([key, value]) => ["config", "set", `--key=${key}`, `--value=${value}`]),
  near("10/1m", "1/s", "0.5/1h", "none", "5").map((
    value,
  ) => ["queue", "set", "mail", `--rate=${value}`]),
  number.map((value) => ["queue", "set", "mail", `--limit=${value}`]),
  argument.map((value) => ["enqueue", `--unique-key=${value}`, "--if-exists=return", "--", "true"]),
  argument.map((value) => ["enqueue", `--id=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", `--queue=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", `--tag=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", `--env=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", `--cwd=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", `--file=${value}`]),
  argument.map((value) => ["enqueue", `@${value}`]),
  argument.map((value) => ["enqueue", `--stdin-file=${value}`, "--", "true"]),
  argument.map((value) => ["enqueue", value]),
  argument.map((value) => ["import", `./${value}`]),
  argument.map((value) => ["--db", `nowhere/${value.slice(0, 100)}`, "list"]).filter(([, path]) =>
    !path!.includes("://")
  ),
  near("job-a=any", "job-b").map((value) => ["enqueue", `--after=${value}`, "--", "true"]),
  anyValue.map((value) => ["completions", value]),
  part.map((value) => ["show", "--", value]),
  part.map((value) => ["logs", "--", value]),
  part.map((value) => ["explain", "--", value]),
  anyValue.map((value) => [value]),
);

const scalars: InputProperty = inputProperty({
  title: "durations, times, cron expressions, numbers, names and paths are read or refused",
  runs: 500,
  inputs: fc.tuple(scalar, fc.boolean()),
  make: smallQueue,
}, async (world, [args, json]) => {
  const codes = args[0] === "--db" ? [5] : [0, 2, 3, 4];
  // A script, or the help that is all without a command.
  const isText = args[0] === "completions" || args[0] === "--";
  const ended = await world.try(json ? ["--json", ...args] : args, {
    codes,
    json: json && !isText,
  });
  if (ended.code !== 0 || args[0] !== "enqueue" || json) return;
  await world.try(["show", ended.stdout.trim(), "--json"], { codes: [0], json: true });
  await world.try(["show", ended.stdout.trim()], { codes: [0] });
});

const completion: InputProperty = inputProperty({
  title: "__complete answers whatever is typed so far",
  runs: 150,
  inputs: fc.tuple(
    fc.constantFrom("bash", "zsh", "fish"),
    fc.oneof(
      commandLine,
      fc.array(fc.oneof(argument, near("enqueue", "--queue", "sh", "job-")), { maxLength: 4 }),
    ),
  ),
  make: smallQueue,
}, async (world, [shell, words]) => {
  await world.try(["__complete", shell, "--", ...words], { codes: [0], tabs: true });
});

/** What is asked of command lines. */
export const COMMAND_LINE_PROPERTIES: readonly InputProperty[] = [anyCommand, scalars, completion];
