/**
 * The kill campaign: real workers and real commands, killed at random moments.
 *
 * @module
 */

import { Stage } from "../../flows/stage.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { BATCH, Commands } from "../kills/commands.ts";
import { Crowd } from "../kills/crowd.ts";
import { prepare } from "../kills/jobs.ts";
import { Ledger } from "../kills/ledger.ts";
import { MOMENTS, type Scene } from "../kills/moments.ts";
import { audit } from "../kills/rules.ts";
import { Random } from "../random.ts";

/** The sizes of a campaign. */
export interface KillOptions {
  readonly jobs: number;
  readonly kills: number;
  readonly seed: number;
  readonly progress: (sentence: string) => void;
}

/** So often a moment is looked for before another one has its turn. */
const MAX_TRIES = 5;

/** With so many kills, each moment has come several times. */
const ENOUGH_KILLS = 100;

/** Kills again and again while jobs run, lets the rest run, and looks whether the rules held. */
export async function killCampaign(stage: Stage, options: KillOptions): Promise<Findings> {
  const random = new Random(options.seed);
  await prepare(stage);
  await stage.ok("config", "set", "kill_grace", "300ms");
  const commands = new Commands(stage, random);
  await commands.enqueue();
  await using ledger = await Ledger.open(stage);
  await using crowd = new Crowd(stage, random, 3);
  const scene = {
    stage,
    random,
    crowd,
    ledger,
    touched: new Set(),
    salvageable: new Set(),
  } as Scene;
  const faults: string[] = [];
  const note = (error: unknown) => void faults.push(String(error));
  const kills = await killAll(scene, commands, options).catch(note) ?? {};
  const missing = Object.entries(kills).flatMap(([name, count]) =>
    count === 0 && options.kills >= ENOUGH_KILLS ? [`The moment ${name} never came`] : []
  );
  await commands.enqueueUp(options.jobs);
  await settle(scene, options.jobs).catch(note);
  await crowd.close();
  await stage.isEmpty().catch(note);
  const left = stage.processes().size;
  const known = { ...scene, ...commandsOf(commands), batchSize: BATCH };
  const found = await audit(stage, ledger, known);
  return {
    figures: {
      ...found.figures,
      kills: Object.values(kills).reduce((sum, count) => sum + count, 0),
      ...kills,
      enqueuesKilled: commands.killed,
      workersStarted: crowd.started,
      lateEnds: crowd.lateEnds,
      leftProcesses: left,
    },
    faults: [...faults, ...missing, ...crowd.faults, ...commands.faults, ...found.faults],
  };
}

function commandsOf({ printed, cancelled, retried }: Commands) {
  return { printed, cancelled, retried };
}

/** All kills, with the work spread evenly over them; there is always some. Every moment comes first. */
async function killAll(
  scene: Scene,
  commands: Commands,
  { jobs, kills, progress }: KillOptions,
): Promise<Record<string, number>> {
  const { random } = scene;
  const names = Object.keys(MOMENTS) as [string, ...string[]];
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  const first = [...names];
  for (let killed = 0, misses = 0; killed < kills;) {
    const name = first.shift() ?? random.pick(names);
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const isDue = commands.printed.length < jobs * (killed + 2) / (kills + 2) ||
        (await scene.ledger.unfinished()).length < BATCH;
      const beside = isDue ? commands.enqueue({ kill: random.chance(0.2) }) : commands.steer();
      const [isKilled] = await Promise.all([MOMENTS[name]!(scene), beside]);
      if (!isKilled && ++misses < 2 * kills + 20) continue;
      if (!isKilled) {
        throw new Error(`Only ${killed} of ${kills} kills came, the last try: ${name}`);
      }
      counts[name]!++;
      if (++killed % 10 === 0) progress(`${killed} kills, ${commands.printed.length} jobs`);
      break;
    }
  }
  return counts;
}

/** Waits until every job is final. */
async function settle(scene: Scene, jobs: number): Promise<void> {
  let left: readonly unknown[] = [];
  await waitFor(async () => (left = await scene.ledger.unfinished()).length === 0, {
    timeout: 60_000 + jobs * 50,
    interval: 200,
    message: () => `the end of ${left.length} jobs: ${JSON.stringify(left.slice(0, 5))}`,
  });
}

/** At scale 1: 100 kills over 2,000 jobs. */
export const kills: Campaign = {
  name: "kills",
  title:
    "workers, launchers and commands are killed; every job ends, none is lost, none runs twice",
  async run({ seed, scale, store, progress }) {
    await using dir = await tempDir();
    await using stage = await Stage.open("source", dir, store);
    const jobs = Math.ceil(2000 * scale);
    return await killCampaign(stage, { jobs, kills: Math.ceil(100 * scale), seed, progress });
  },
};
