/**
 * The table of commands: the names, what they do in one line, and where each one lives. It is all that
 * the overview needs; a module is loaded only to run its command or to show its help.
 *
 * @module
 */

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

/** Every command there is. */
export const APP: readonly Section[] = [
  {
    title: "Work",
    members: [
      {
        name: "enqueue",
        aliases: ["add"],
        summary: "Enqueue jobs",
        load: () => import("./commands/enqueue.ts"),
      },
      {
        name: "run",
        summary: "Enqueue a job, show its output and exit as it did",
        load: () => import("./commands/run.ts"),
      },
      {
        name: "worker",
        aliases: ["workers"],
        summary: "Run the jobs",
        entries: [
          {
            name: "start",
            summary: "Run a worker",
            load: () => import("./commands/worker_start.ts"),
          },
          {
            name: "stop",
            summary: "Stop workers",
            load: () => import("./commands/worker_stop.ts"),
          },
          {
            name: "scale",
            summary: "Change how many jobs workers run at once",
            load: () => import("./commands/worker_scale.ts"),
          },
          {
            name: "list",
            aliases: ["ls", "status"],
            summary: "List the workers",
            load: () => import("./commands/worker_list.ts"),
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
            load: () => import("./commands/schedule_add.ts"),
          },
          {
            name: "list",
            aliases: ["ls"],
            summary: "List schedules",
            load: () => import("./commands/schedule_list.ts"),
          },
          {
            name: "next",
            summary: "Show when a schedule fires",
            load: () => import("./commands/schedule_next.ts"),
          },
          {
            name: "pause",
            summary: "Pause schedules",
            load: () => import("./commands/schedule_pause.ts"),
          },
          {
            name: "resume",
            summary: "Resume schedules",
            load: () => import("./commands/schedule_resume.ts"),
          },
          {
            name: "remove",
            aliases: ["rm", "delete"],
            summary: "Remove schedules",
            load: () => import("./commands/schedule_remove.ts"),
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
        load: () => import("./commands/status.ts"),
      },
      {
        name: "list",
        aliases: ["ls"],
        summary: "List jobs",
        load: () => import("./commands/list.ts"),
      },
      {
        name: "show",
        aliases: ["get", "info"],
        summary: "Show a job and its attempts",
        load: () => import("./commands/show.ts"),
      },
      {
        name: "logs",
        aliases: ["log"],
        summary: "Print the output of a job",
        load: () => import("./commands/logs.ts"),
      },
      {
        name: "explain",
        aliases: ["why"],
        summary: "Say why a job is not running",
        load: () => import("./commands/explain.ts"),
      },
      {
        name: "wait",
        summary: "Wait for jobs and exit as they did",
        load: () => import("./commands/wait.ts"),
      },
      {
        name: "progress",
        summary: "Tell from inside a job how far it is",
        load: () => import("./commands/progress.ts"),
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
        load: () => import("./commands/cancel.ts"),
      },
      {
        name: "retry",
        summary: "Run jobs again",
        load: () => import("./commands/retry.ts"),
      },
      {
        name: "edit",
        summary: "Change jobs that wait",
        load: () => import("./commands/edit.ts"),
      },
      {
        name: "release",
        summary: "Let held jobs go",
        load: () => import("./commands/release.ts"),
      },
      {
        name: "delete",
        aliases: ["rm"],
        summary: "Delete jobs",
        load: () => import("./commands/delete.ts"),
      },
      {
        name: "prune",
        summary: "Delete jobs that have ended",
        load: () => import("./commands/prune.ts"),
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
            load: () => import("./commands/queue_list.ts"),
          },
          {
            name: "pause",
            summary: "Begin no more jobs of queues",
            load: () => import("./commands/queue_pause.ts"),
          },
          {
            name: "resume",
            summary: "Let jobs of paused queues begin again",
            load: () => import("./commands/queue_resume.ts"),
          },
          {
            name: "set",
            summary: "Limit how many jobs of a queue run at once, or begin in a time",
            load: () => import("./commands/queue_set.ts"),
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
            load: () => import("./commands/dlq_list.ts"),
          },
          {
            name: "show",
            aliases: ["get", "info"],
            summary: "Show a dead job and its attempts",
            load: () => import("./commands/dlq_show.ts"),
          },
          {
            name: "retry",
            aliases: ["requeue"],
            summary: "Run dead jobs again",
            load: () => import("./commands/dlq_retry.ts"),
          },
          {
            name: "purge",
            aliases: ["clear"],
            summary: "Delete dead jobs",
            load: () => import("./commands/dlq_purge.ts"),
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
            load: () => import("./commands/config_list.ts"),
          },
          {
            name: "get",
            summary: "Print one setting",
            load: () => import("./commands/config_get.ts"),
          },
          {
            name: "set",
            summary: "Change a setting",
            load: () => import("./commands/config_set.ts"),
          },
          {
            name: "unset",
            aliases: ["reset"],
            summary: "Go back to a setting's default",
            load: () => import("./commands/config_unset.ts"),
          },
        ],
      },
      {
        name: "export",
        summary: "Write jobs to a file, to keep or to move them",
        load: () => import("./commands/export.ts"),
      },
      {
        name: "import",
        summary: "Store the jobs of an export",
        load: () => import("./commands/import.ts"),
      },
      {
        name: "doctor",
        summary: "Check the store, and say how to mend it",
        load: () => import("./commands/doctor.ts"),
      },
      {
        name: "schema",
        summary: "Print the JSON Schema of a job",
        load: () => import("./commands/schema.ts"),
      },
      {
        name: "completions",
        summary: "Print the script by which a shell completes queuectl",
        load: () => import("./commands/completions.ts"),
      },
      {
        name: "__complete",
        summary: "Print what may follow, for the scripts of completions",
        hidden: true,
        load: () => import("./commands/complete.ts"),
      },
      {
        name: "demo",
        summary: "Show all of it at work, in a store of its own",
        load: () => import("./commands/demo.ts"),
      },
    ],
  },
];
