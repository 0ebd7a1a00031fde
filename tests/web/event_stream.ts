/**
 * Server-sent events as a client reads them, by a parser of its own.
 *
 * @module
 */

import { waitFor } from "../helpers/wait_for.ts";

/** An event that came. */
export interface ReceivedEvent {
  readonly event: string;
  readonly id: string | null;
  // deno-lint-ignore no-explicit-any -- whatever JSON a test expects
  readonly data: any;
}

/** A live stream that is open. */
export class EventStream implements AsyncDisposable {
  readonly response: Response;
  readonly received: ReceivedEvent[] = [];
  /** How often the server said that it is there. */
  pings = 0;
  readonly ended: Promise<void>;
  #hasEnded = false;
  readonly #stop: AbortController;

  constructor(response: Response, stop: AbortController) {
    this.response = response;
    this.#stop = stop;
    this.ended = this.#read().finally(() => this.#hasEnded = true);
    this.ended.catch(() => {});
  }

  /** Whether the server has ended it. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The events of a kind. */
  of(kind: string): ReceivedEvent[] {
    return this.received.filter(({ event }) => event === kind);
  }

  /** The last id that came. */
  get lastId(): string | null {
    return this.received.findLast(({ id }) => id !== null)?.id ?? null;
  }

  /** Waits for an event of a kind that fits, among those that came already. */
  async next(
    kind: string,
    fits: (data: ReceivedEvent["data"]) => boolean = () => true,
  ): Promise<ReceivedEvent["data"]> {
    const found = await waitFor(() => this.of(kind).find(({ data }) => fits(data)) ?? false, {
      interval: 5,
      message: () => `an event ${kind} among ${JSON.stringify(this.received)}`,
    });
    return found.data;
  }

  /** The text of a stream of the job, as far as it came. */
  output(stream: "stdout" | "stderr" = "stdout"): string {
    return this.of("output").flatMap(({ data }) => data.pieces)
      .filter((piece) => piece.stream === stream).map(({ text }) => text).join("");
  }

  /** The client goes away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.ended.catch(() => {});
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = `${rest}${text}`.split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    if (block.startsWith(":")) this.pings++;
    const fields = block.split("\n").map((line) => line.split(/: (.*)/s, 2));
    const value = (name: string) => fields.find(([key]) => key === name)?.[1] ?? null;
    const data = fields.filter(([key]) => key === "data").map(([, text]) => text).join("\n");
    const event = value("event");
    if (event !== null) this.received.push({ event, id: value("id"), data: JSON.parse(data) });
  }
}
