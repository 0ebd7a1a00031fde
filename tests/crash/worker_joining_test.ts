/** SIGKILL to a worker that has not joined the others yet. */

import { flow } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { lockStore } from "./store_file.ts";

flow("a worker that is killed before it has joined leaves nothing behind", async (stage) => {
  await stage.enqueue("true");
  {
    using _lock = lockStore(stage);
    const victim = await stage.spawn(["worker", "start"]);
    await waitFor(() => hasTurn(victim.pid));
    victim.kill("SIGKILL");
    await victim.ended();
  }
  await stage.ok("worker", "start", "--drain");
}, { vias: ["source"] });

/** Whether a process is the next to write, that is, has the lock of the turnstile. */
function hasTurn(pid: number): boolean {
  return Deno.readTextFileSync("/proc/locks").split("\n").some((line) => {
    const [, kind, , , holder] = line.trim().split(/\s+/);
    return kind === "FLOCK" && Number(holder) === pid;
  });
}
