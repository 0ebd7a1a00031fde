/**
 * The flood campaign: jobs that write gigabytes. The worker must keep neither the disk
 * nor the memory full of it, and the store has what `max_output` allows.
 *
 * @module
 */

import { Stage } from "../../flows/stage.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { Ledger } from "../kills/ledger.ts";

const MIB = 2 ** 20;
/** The default of `max_output`. */
const MAX_OUTPUT = MIB;
/** From so much on a spool file is cut, at a look; there are five a second. */
const DRAIN_FROM = 64 * MAX_OUTPUT;
/** Beside that, what is written between two looks, on a machine that has other work. */
const BETWEEN_LOOKS_SECONDS = 1;
/** The steady job writes about so many MiB per second. */
const STEADY_SPEED = 100;
/** The heap takes its size, about 180 MB, in jobs of 2 GiB as well as of 6: it holds none of them. */
const MAX_MEMORY_MB = 256;

/** The sizes of a campaign. */
export interface FloodOptions {
  /** MiB that each job writes. */
  readonly size: number;
  readonly progress: (sentence: string) => void;
}

/** Shell text by the id of its job. */
function floods(size: number): Readonly<Record<string, string>> {
  const portions = Math.ceil(size / (STEADY_SPEED / 20));
  return {
    zeros: `head -c ${size * MIB} /dev/zero`,
    lines: `yes | head -c ${size * MIB}`,
    both: `head -c ${size * MIB / 2} /dev/zero & head -c ${size * MIB / 2} /dev/zero >&2; wait`,
    steady: `i=0; while [ $i -lt ${portions} ]; do head -c ${STEADY_SPEED * MIB / 20} /dev/zero; ` +
      "sleep 0.05; i=$((i + 1)); done",
  };
}

/** Runs the jobs one after the other, and looks at the worker and its files all the time. */
export async function floodCampaign(stage: Stage, options: FloodOptions): Promise<Findings> {
  const figures: Record<string, number | string> = { mebibytes: options.size };
  const faults: string[] = [];
  const worker = await stage.worker(["--count", "1"]);
  await using ledger = await Ledger.open(stage);
  await stage.enqueue("echo warm", "--id", "warm");
  await stage.until("warm", "completed");
  const memory = [residentMegabytes(worker.pid)];
  for (const [id, command] of Object.entries(floods(options.size))) {
    options.progress(id);
    let disk = 0;
    let most = 0;
    await stage.enqueue(command, "--id", id, "-r", "0");
    await waitFor(async () => {
      disk = Math.max(disk, spoolMegabytes(stage));
      most = Math.max(most, residentMegabytes(worker.pid));
      return await ledger.count(
        `SELECT count(*) FROM job WHERE id = '${id}' AND finished_at > 0`,
      ) > 0;
    }, { timeout: 600_000, interval: 20 });
    const kept = await ledger.count(
      `SELECT sum(length(bytes)) FROM output JOIN job ON job.seq = output.job WHERE id = '${id}'`,
    );
    memory.push(most);
    figures[`${id}_spool_most_MB`] = Math.round(disk);
    if (kept > MAX_OUTPUT) faults.push(`${id}: ${kept} bytes are kept`);
    const limit = DRAIN_FROM / MIB + STEADY_SPEED * BETWEEN_LOOKS_SECONDS;
    if (id === "steady" && disk > limit) faults.push(`${id}: its files had ${disk} MB`);
  }
  if (Math.max(...memory) > MAX_MEMORY_MB) {
    faults.push(`The worker took much memory: ${memory.join(", ")} MB`);
  }
  return { figures: { ...figures, memory_MB: memory.join(" ") }, faults };
}

/** What the spool takes up on the disk. */
function spoolMegabytes(stage: Stage): number {
  let blocks = 0;
  for (const { name } of Deno.readDirSync(stage.directory)) {
    try {
      blocks += Deno.lstatSync(`${stage.directory}/${name}`).blocks ?? 0;
    } catch {
      // Removed meanwhile.
    }
  }
  return blocks * 512 / MIB;
}

function residentMegabytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024);
}

/** At scale 1 each of the jobs writes 2 GiB. */
export const flood: Campaign = {
  name: "flood",
  title: "Jobs that write 2 GiB: what is kept, and what it takes of disk and memory meanwhile",
  async run({ scale, progress }) {
    await using dir = await tempDir();
    const stage = await Stage.open("source", dir);
    try {
      const findings = await floodCampaign(stage, { size: Math.ceil(2048 * scale), progress });
      await stage.finish();
      return findings;
    } finally {
      await stage.clear();
    }
  },
};
