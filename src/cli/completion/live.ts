/**
 * Candidates that change: what is in the store, and the settings. Each call opens the store to read and
 * closes it again; where that cannot be done, there are none.
 *
 * @module
 */

import { QueuectlError } from "../../errors.ts";
import { escapeText } from "../../escape.ts";
import type { Job } from "../../job/job.ts";
import type { Store } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { Candidate, LiveHint, Source } from "./complete.ts";

/** More ids than this nobody reads. */
const MOST = 200;
/** Tags are looked for in so many jobs, the newest. */
const TAGGED = 500;
/** Somebody has pressed a key and waits, milliseconds: enough for a server some way off, with TLS. */
const PATIENCE = 1000;
/** Descriptions are cut after so many characters. */
const LONGEST = 60;

/** Candidates from the store that a command line names, else from that of the context. */
export function liveSource({ openStore, env }: Pick<Context, "openStore" | "env">): Source {
  return async (hint, begin, db) => {
    if (hint === "config-key") return await configKeys();
    if (hint === "timezone") return Intl.supportedValuesOf("timeZone").map(plain);
    const options = { create: false, readOnly: true, patience: PATIENCE };
    try {
      await using store = await openStore(options, db === undefined ? db : expand(db, env));
      return await fromStore(store, hint, begin);
    } catch (error) {
      // Nobody asked for a message: the command itself will say what is wrong with the store.
      if (error instanceof QueuectlError) return [];
      throw error;
    }
  };
}

async function fromStore(
  store: Store,
  hint: Exclude<LiveHint, "config-key" | "timezone">,
  begin: string,
): Promise<Candidate[]> {
  switch (hint) {
    case "queue":
      return (await store.queues()).map(({ queue }) => plain(queue));
    case "schedule":
      return (await store.schedules()).map(({ name, cron }) => describe(name, cron));
    case "worker":
      return (await store.workers()).map(({ id, host, state }) =>
        describe(id, `${state}, ${host}`)
      );
    case "tag": {
      const jobs = await store.jobs({ limit: TAGGED });
      return [...new Set(jobs.flatMap(({ tags }) => tags))].sort().map(plain);
    }
    default: {
      const jobs = await store.jobs({
        ...(hint === "job" ? {} : { states: hint.jobs }),
        ...(begin === "" ? {} : { idPrefix: begin }),
        limit: MOST,
      });
      return jobs.map(describeJob);
    }
  }
}

function describeJob({ id, state, command }: Job): Candidate {
  return describe(id, `${state}: ${command.slice(0, LONGEST)}`);
}

async function configKeys(): Promise<Candidate[]> {
  const { ALL_SETTINGS } = await import("../../config.ts");
  return ALL_SETTINGS.map(({ key, summary }) => describe(key, summary));
}

function plain(value: string): Candidate {
  return { value, description: "" };
}

function describe(value: string, description: string): Candidate {
  const line = escapeText(description);
  return { value, description: line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line };
}

/** What the shell would make of a path, had it run the command: `~/a.db`, `$HOME/a.db`. */
function expand(path: string, env: Context["env"]): string {
  return path.replace(/^~(?=\/)/, "$HOME").replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (written, braced, name) => env(braced ?? name) ?? written,
  );
}
