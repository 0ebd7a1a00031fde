/**
 * A worker that dies in the middle of a job.
 *
 * @module
 */

import { TOKEN_VARIABLE } from "../../../worker/host.ts";
import { outcomesOf, readJob } from "../jobs.ts";
import { processesWith } from "../processes.ts";
import type { Stage } from "../stage.ts";
import type { Step } from "../step.ts";

/** The first attempt takes 20 s, so that it is at work whenever its worker dies, the second 1 s. */
const SCRIPT = `me=$QUEUECTL_ATTEMPT
echo "begin $me $${TOKEN_VARIABLE}" >> journal
left=$((me == 1 ? 200 : 10))
while [ $left -gt 0 ]; do echo "work $me" >> journal; sleep 0.1; left=$((left - 1)); done
echo "end $me" >> journal
`;

/** Shows the rescue of a job. */
export const KILL_WORKER: Step = {
  name: "crash",
  title: "Kill a worker in the middle of a job",
  async play(stage) {
    await stage.say("The job writes a journal. Its worker gets a SIGKILL while it does.");
    await stage.write("import.sh", SCRIPT);
    await stage.queuectl(["enqueue", "--id", "import", "--", "sh", "import.sh"]);
    const worker = await stage.start(["worker", "start", "--name", "first"]);
    await stage.until("the job is at work", async () => (await journal(stage)).includes("work 1"));
    await stage.kill(worker);
    await stage.queuectl(["status"], { head: 1, tail: 2 });
    const { state } = await readJob(stage, "import");
    await stage.verify(
      state === "processing",
      "The job still counts as processing, its worker is gone",
      `the job is ${state}`,
    );
    await stage.say(
      "Another worker comes. It ends what is left of the first attempt, then begins the second.",
    );
    await stage.queuectl(["worker", "start", "--name", "second", "--drain"]);
    await stage.shell("uniq -c journal");
    await verifyAttempts(stage);
    await verifyJournal(await journal(stage), stage);
  },
};

/** The lines of the journal so far. */
async function journal(stage: Stage): Promise<string[]> {
  try {
    return (await Deno.readTextFile(stage.path("journal"))).trim().split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function verifyAttempts(stage: Stage): Promise<void> {
  const job = await readJob(stage, "import");
  const outcomes = outcomesOf(job);
  const workers = job.attempt_log.map(({ worker_id }) => worker_id.split("-")[0]).join(", ");
  await stage.verify(
    job.state === "completed" && outcomes === "lost, completed" && workers === "first, second",
    "The first attempt was lost with its worker, the second completed on another one",
    `the job is ${job.state}, its attempts: ${outcomes}, its workers: ${workers}`,
  );
}

async function verifyJournal(lines: readonly string[], stage: Stage): Promise<void> {
  const found = `the journal says ${lines.filter((line) => !line.startsWith("work")).join(", ")}`;
  const second = lines.findIndex((line) => line.startsWith("begin 2"));
  await stage.verify(
    lines.filter((line) => line.startsWith("begin")).length === 2 && lines.at(-1) === "end 2" &&
      !lines.includes("end 1"),
    "It began twice and ended once",
    found,
  );
  await stage.verify(
    !lines.slice(second).some((line) => line.endsWith(" 1")),
    "The two never ran at once: no line of the first stands behind the second's begin",
    found,
  );
  const token = lines[0]!.split(" ")[2]!;
  const left = processesWith(TOKEN_VARIABLE, token).map(({ pid }) => pid);
  await stage.verify(
    left.length === 0,
    "No process of the lost attempt is left",
    `these run: ${left.join(", ")}`,
  );
}
