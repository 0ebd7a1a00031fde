/**
 * A worker's ticks: each brings to the store what has gathered, and takes from it what there is to do.
 *
 * @module
 */

import { sweep } from "./sweep.ts";
import { takeAnswer } from "./tick_answer.ts";
import { gather, type Gathered, putBack } from "./tick_request.ts";
import type { WorkerParts } from "./worker_parts.ts";

/** Does one tick after the other. */
export class Ticker {
  readonly #parts: WorkerParts;
  #nextDueIn: number | null = null;
  #isIdle = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  /** Milliseconds from the last tick until the next one has something to do; null: nothing is due. */
  get nextDueIn(): number | null {
    return this.#nextDueIn;
  }

  /** Whether the last tick found nothing to claim although slots were free. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** What a tick brings is gathered when its turn has come: among many workers that takes a while. */
  async tick(): Promise<void> {
    const parts = this.#parts;
    const { store, options, link, tenure, wakeup, schedules } = parts;
    const turns: Gathered[] = [];
    const tick = () =>
      store.tick(() => {
        wakeup.answer();
        const gathered = gather(parts);
        turns.push(gathered);
        return gathered.request;
      });
    const result = await link.write(() => tenure.during(tick));
    const [gathered] = turns;
    if (gathered === undefined) return;
    if (result === null) return putBack(gathered, parts);
    this.#nextDueIn = result.nextDueIn;
    this.#isIdle = gathered.request.free.length > result.claimed.length;
    takeAnswer(result, gathered, parts);
    if (link.isAway) await this.#comeBack();
    if (result.evicted) await this.#rejoin();
    if (gathered.rescued.buried.length > 0) await sweep(store, options.host);
    await link.ask(() => schedules.look(result));
  }

  /** A tick whose answer was lost may have been done: then there are claims that nobody runs. */
  async #comeBack(): Promise<void> {
    const { store, link, member, runner } = this.#parts;
    const claimed = await link.ask(() => store.attemptsOf(member.id));
    if (claimed === null) return;
    link.back();
    for (const attempt of claimed) {
      if (!runner.knows(attempt.token)) runner.giveBack(attempt);
    }
  }

  /** Others have given this worker up, so its attempts are not its own any more. */
  async #rejoin(): Promise<void> {
    const { events, heart, link, member, runner } = this.#parts;
    events.emit({ type: "worker_evicted", worker: member.id });
    heart.forget();
    member.rename();
    await link.write(() => member.join(runner.slots));
  }
}
