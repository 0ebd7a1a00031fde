/// <reference lib="dom" />
/**
 * Server-sent events, taken from the text of an answer. `EventSource` is not used: it cannot tell a wrong
 * token from a server that is away, and it forgets the last id when it gives up.
 *
 * @module
 */

/** One event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Takes the pieces of a stream, and gives the events that are whole. */
export class EventParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #lastId: string | null = null;

  /** The last `id:` of an event that was whole; null if there was none. */
  get lastId(): string | null {
    return this.#lastId;
  }
  #id: string | null = null;

  /** Adds a piece; where it ends does not matter. */
  *push(piece: string): Generator<ServerEvent> {
    this.#rest += piece;
    // A piece that ends between CR and LF must not make two lines.
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (end === null) return;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== null) yield event;
    }
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
    return null;
  }

  #end(): ServerEvent | null {
    this.#lastId = this.#id ?? this.#lastId;
    const event = this.#data.length === 0
      ? null
      : { event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    this.#id = null;
    return event;
  }
}
