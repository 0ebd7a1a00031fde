/**
 * Follows the output of a job on a terminal.
 *
 * @module
 */

import { type Followed, followOutput } from "../follow_output.ts";
import type { Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { describeJob } from "./job_view.ts";
import type { OutputPrinter } from "./output_printer.ts";

/** What is followed. */
export interface FollowRequest {
  /** The full id. */
  readonly id: string;
  /** One attempt alone; null is the latest one and all after it. */
  readonly attempt: number | null;
  readonly printer: OutputPrinter;
}

/**
 * Prints the output of a job as it comes, until the job, or the one attempt, has ended; says on stderr
 * what goes on in between.
 *
 * @throws {NotFoundError} if the job is deleted, or ends without the attempt that was asked for
 */
export async function printAsItComes(
  store: Store,
  { id, attempt, printer }: FollowRequest,
  context: Context,
): Promise<void> {
  for await (const event of followOutput(store, { id, attempt })) {
    await printEvent(event, printer, context);
  }
}

async function printEvent(
  event: Followed,
  printer: OutputPrinter,
  { stderr, now }: Context,
): Promise<void> {
  switch (event.kind) {
    case "waiting": {
      const { job, attempt } = event;
      return await stderr.line(`${describeJob(job, now())}; waiting for attempt ${attempt}`);
    }
    case "begins":
      return await stderr.line(`Attempt ${event.attempt} begins`);
    case "output":
      return await printer.print([event.piece]);
    case "ends":
      return await printer.end();
    case "done":
      return await stderr.line(describeJob(event.job, now()));
  }
}
