/**
 * The table of commands: the names, what they do in one line, and where each one lives. It is all that
 * the overview needs; a module is loaded only to run its command or to show its help.
 *
 * @module
 */

import { importLater } from "../lazy.ts";
import type { CommandModule } from "./command.ts";

/** A command's entry. */
export interface Entry {
  readonly name: string;
  /** Other names that are understood. */
  readonly aliases?: readonly string[];
  /** One line, sentence case, no full stop: what the command does. */
  readonly summary: string;
  /** For programs, not for people: no help, suggestion or completion shows it. */
  readonly hidden?: boolean;
  load(): Promise<CommandModule>;
}

/** Commands under a common name, such as `config get` and `config set`. */
export interface Group {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly entries: readonly Entry[];
  /** The entry that the bare name of the group means; without it the bare name shows help. */
  readonly bare?: string;
}

/** A heading of the overview with what stands under it. */
export interface Section {
  readonly title: string;
  readonly members: readonly (Entry | Group)[];
}

/** The entries or groups that people are to see. */
export function shown<T extends Entry | Group>(members: readonly T[]): T[] {
  return members.filter((member) => !("hidden" in member && member.hidden));
}

/** Loads the module of a command, by its name in `commands/`. */
function command(name: string): () => Promise<CommandModule> {
  return () => importLater<CommandModule>(`cli/commands/${name}`);
}

/** Every command there is. */
export const APP: readonly Section[] = [
  {
    title: "Work",
    members: [
      {
        name: "enqueue",
        aliases: ["add"],
        summary: "Enqueue jobs",
        load: command("enqueue"),
      },
      {
        name: "run",
        summary: "Enqueue a job, show its output and exit as it did",
        load: command("run"),
      },
      {
        name: "worker",
        aliases: ["workers"],
        summary: "Run the jobs",
        entries: [
          {
            name: "start",
            summary: "Run a worker",
            load: command("worker_start"),
          },
          {
            name: "stop",
            summary: "Stop workers",
            load: command("worker_stop"),
          },
          {
            name: "scale",
            summary: "Change how many jobs workers run at once",
            load: command("worker_scale"),
          },
          {
            name: "list",
            aliases: ["ls", "status"],
            summary: "List the workers",
            load: command("worker_list"),
          },
        ],
      },
      {
        name: "schedule",
        aliases: ["schedules", "cron"],
        summary: "Enqueue jobs at set times",
        bare: "list",
        entries: [
          {
            name: "add",
            aliases: ["create"],
            summary: "Add a schedule",
            load: command("schedule_add"),
          },
          {
            name: "list",
            aliases: ["ls"],
            summary: "List schedules",
            load: command("schedule_list"),
          },
          {
            name: "next",
            summary: "Show when a schedule fires",
            load: command("schedule_next"),
          },
          {
            name: "pause",
            summary: "Pause schedules",
            load: command("schedule_pause"),
          },
          {
            name: "resume",
            summary: "Resume schedules",
            load: command("schedule_resume"),
          },
          {
            name: "remove",
            aliases: ["rm", "delete"],
            summary: "Remove schedules",
            load: command("schedule_remove"),
          },
        ],
      },
    ],
  },
  {
    title: "Watch",
    members: [
      {
        name: "status",
        aliases: ["stats"],
        summary: "Count jobs by state, show queues and workers",
        load: command("status"),
      },
      {
        name: "list",
        aliases: ["ls"],
        summary: "List jobs",
        load: command("list"),
      },
      {
        name: "show",
        aliases: ["get", "info"],
        summary: "Show a job and its attempts",
        load: command("show"),
      },
      {
        name: "logs",
        aliases: ["log"],
        summary: "Print the output of a job",
        load: command("logs"),
      },
      {
        name: "explain",
        aliases: ["why"],
        summary: "Say why a job is not running",
        load: command("explain"),
      },
      {
        name: "wait",
        summary: "Wait for jobs and exit as they did",
        load: command("wait"),
      },
      {
        name: "progress",
        summary: "Tell from inside a job how far it is",
        load: command("progress"),
      },
      {
        name: "dashboard",
        aliases: ["web"],
        summary: "Show and steer everything in the browser",
        load: command("dashboard"),
      },
      {
        name: "metrics",
        summary: "Print figures for Prometheus",
        load: command("metrics"),
      },
    ],
  },
  {
    title: "Steer",
    members: [
      {
        name: "cancel",
        aliases: ["kill"],
        summary: "Cancel jobs",
        load: command("cancel"),
      },
      {
        name: "retry",
        summary: "Run jobs again",
        load: command("retry"),
      },
      {
        name: "edit",
        summary: "Change jobs that wait",
        load: command("edit"),
      },
      {
        name: "release",
        summary: "Let held jobs go",
        load: command("release"),
      },
      {
        name: "delete",
        aliases: ["rm"],
        summary: "Delete jobs",
        load: command("delete"),
      },
      {
        name: "prune",
        summary: "Delete jobs that have ended",
        load: command("prune"),
      },
      {
        name: "queue",
        aliases: ["queues"],
        summary: "Pause and limit queues",
        bare: "list",
        entries: [
          {
            name: "list",
            aliases: ["ls"],
            summary: "List queues",
            load: command("queue_list"),
          },
          {
            name: "pause",
            summary: "Begin no more jobs of queues",
            load: command("queue_pause"),
          },
          {
            name: "resume",
            summary: "Let jobs of paused queues begin again",
            load: command("queue_resume"),
          },
          {
            name: "set",
            summary: "Limit how many jobs of a queue run at once, or begin in a time",
            load: command("queue_set"),
          },
        ],
      },
      {
        name: "dlq",
        summary: "The dead letter queue (failed for good)",
        bare: "list",
        entries: [
          {
            name: "list",
            aliases: ["ls"],
            summary: "List dead jobs",
            load: command("dlq_list"),
          },
          {
            name: "show",
            aliases: ["get", "info"],
            summary: "Show a dead job and its attempts",
            load: command("dlq_show"),
          },
          {
            name: "retry",
            aliases: ["requeue"],
            summary: "Run dead jobs again",
            load: command("dlq_retry"),
          },
          {
            name: "purge",
            aliases: ["clear"],
            summary: "Delete dead jobs",
            load: command("dlq_purge"),
          },
        ],
      },
    ],
  },
  {
    title: "Set up",
    members: [
      {
        name: "config",
        summary: "Defaults of jobs, settings of workers",
        bare: "list",
        entries: [
          {
            name: "list",
            aliases: ["show", "ls"],
            summary: "List all settings",
            load: command("config_list"),
          },
          {
            name: "get",
            summary: "Print one setting",
            load: command("config_get"),
          },
          {
            name: "set",
            summary: "Change a setting",
            load: command("config_set"),
          },
          {
            name: "unset",
            aliases: ["reset"],
            summary: "Go back to a setting's default",
            load: command("config_unset"),
          },
        ],
      },
      {
        name: "export",
        summary: "Write jobs to a file, to keep or to move them",
        load: command("export"),
      },
      {
        name: "import",
        summary: "Store the jobs of an export",
        load: command("import"),
      },
      {
        name: "migrate",
        summary: "Move a whole store to another place, also to PostgreSQL and back",
        load: command("migrate"),
      },
      {
        name: "doctor",
        summary: "Check the store, and say how to mend it",
        load: command("doctor"),
      },
      {
        name: "schema",
        summary: "Print the JSON Schema of a job",
        load: command("schema"),
      },
      {
        name: "completions",
        summary: "Print the script by which a shell completes queuectl",
        load: command("completions"),
      },
      {
        name: "__complete",
        summary: "Print what may follow, for the scripts of completions",
        hidden: true,
        load: command("complete"),
      },
      {
        name: "demo",
        summary: "Show all of it at work, in a store of its own",
        load: command("demo"),
      },
    ],
  },
];
