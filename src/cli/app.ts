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
            name: "list",
            aliases: ["ls", "status"],
            summary: "List the workers",
            load: () => import("./commands/worker_list.ts"),
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
        name: "wait",
        summary: "Wait for jobs and exit as they did",
        load: () => import("./commands/wait.ts"),
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
        name: "dlq",
        summary: "Jobs that failed for good (dead letter queue)",
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
        summary: "Defaults for new jobs and settings of workers",
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
        name: "demo",
        summary: "Show all of it at work, in a store of its own",
        load: () => import("./commands/demo.ts"),
      },
    ],
  },
];
