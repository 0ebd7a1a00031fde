import { doesNotMatch, match } from "node:assert/strict";
import type { Context } from "../../src/cli/context.ts";
import { showDraining } from "../../src/cli/drain_bar.ts";
import { Output } from "../../src/cli/output.ts";
import { Events } from "../../src/observe/events.ts";
import type { Settled } from "../../src/store/tick.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { FakeSink } from "./fake_system.ts";

Deno.test("showDraining() counts a job once that ends while the store answers", async () => {
  const sink = new FakeSink(80);
  const env = (name: string) => name === "TERM" ? "xterm" : undefined;
  const context = { stderr: new Output(sink, { color: false }), json: false, env } as Context;
  const events = new Events();
  let left = 3;
  const store = {
    async outstanding() {
      const answer = left;
      await Promise.resolve();
      if (left > 0) {
        const settled = { jobId: `job${left--}`, state: "completed" } as Settled;
        events.emit({ type: "job_ended", settled });
      }
      return answer;
    },
  };
  const options = { drainWait: 0, queues: null, insideJob: null };
  {
    await using _bar = showDraining(store, events, options, context);
    await waitFor(() => sink.text.includes("3 of 3"), { message: () => sink.text });
  }
  match(sink.text, /1 of 3/);
  doesNotMatch(sink.text, / of [^3]/);
});
