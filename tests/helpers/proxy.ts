/**
 * A network that fails on demand: what stands between a program and its server passes, tarries, gets lost or breaks.
 *
 * @module
 */

/** Which way: from the program to the server, or back. */
export type Direction = "there" | "back";

/** What becomes of the bytes that go one way. */
export type Treatment =
  | { readonly kind: "pass" }
  /** They come so many milliseconds later. */
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** They wait until this is over, as where a network is away for a while. */
  | { readonly kind: "hold" }
  /** They come so many milliseconds later, even if whoever has sent them has given up by then. */
  | { readonly kind: "late"; readonly milliseconds: number }
  /** They are lost, and a connection that has lost some never works again: it is half open. */
  | { readonly kind: "swallow" };

const BOTH: readonly Direction[] = ["there", "back"];

/** A proxy before one server. */
export class Proxy implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number;
  /** What becomes of the bytes that pass, as where somebody in between answers for the server. */
  edit: (bytes: Uint8Array, direction: Direction) => Uint8Array = (bytes) => bytes;
  readonly #hostname: string;
  readonly #target: Deno.ConnectOptions;
  readonly #treatments: Record<Direction, Treatment> = {
    there: { kind: "pass" },
    back: { kind: "pass" },
  };
  readonly #lines = new Set<Line>();
  readonly #work = new Set<Promise<void>>();
  #changed = Promise.withResolvers<void>();
  #listener: Deno.TcpListener | null = null;
  #listening: Promise<void> = Promise.resolve();
  #accepted = 0;

  private constructor(target: Deno.ConnectOptions, hostname: string) {
    this.#target = target;
    this.#hostname = hostname;
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.port = this.#listener.addr.port;
    this.#listening = this.#listen(this.#listener);
  }

  /**
   * Starts one.
   *
   * @param server a URL with a host and a port
   * @param at the own address at which it listens, that of the loopback if absent
   */
  static before(server: string, at = "127.0.0.1"): Proxy {
    const { hostname, port } = new URL(server.replace(/^[a-z]+:/, "http:"));
    return new Proxy({ hostname, port: Number(port) }, at);
  }

  /** The same URL, by way of this proxy. */
  through(url: string): string {
    const [, before = "", after = ""] = /^(\w+:\/\/(?:[^@/?]*@)?)[^/?]*(.*)$/.exec(url) ?? [];
    return `${before}${this.#hostname}:${this.port}${after}`;
  }

  /** How many connections there are now. */
  get open(): number {
    return this.#lines.size;
  }

  /** How many there were in all. */
  get accepted(): number {
    return this.#accepted;
  }

  /** From now on, and until it is said otherwise; for one direction, or for both. */
  treat(treatment: Treatment, direction?: Direction): void {
    for (const one of direction === undefined ? BOTH : [direction]) {
      this.#treatments[one] = treatment;
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Breaks all connections; new ones are taken. */
  cut(): void {
    for (const line of this.#lines) line.close();
  }

  /** Breaks all connections, and refuses new ones until {@linkcode Proxy.accept}. */
  async refuse(): Promise<void> {
    this.#listener?.close();
    this.#listener = null;
    // Until then the system takes connections.
    await this.#listening;
    this.cut();
  }

  /** Takes connections again. */
  accept(): void {
    this.#listener = Deno.listen({ hostname: this.#hostname, port: this.port });
    this.#listening = this.#listen(this.#listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    this.treat({ kind: "pass" });
    await Promise.all(this.#work);
  }

  async #listen(listener: Deno.TcpListener): Promise<void> {
    try {
      for await (const client of listener) {
        this.#accepted++;
        const done = this.#serve(client).finally(() => this.#work.delete(done));
        this.#work.add(done);
      }
    } catch {
      // Closed while it waited.
    }
  }

  async #serve(client: Deno.TcpConn): Promise<void> {
    let server: Deno.TcpConn;
    try {
      server = await Deno.connect(this.#target);
    } catch {
      client.close();
      return;
    }
    const line = new Line(client, server);
    this.#lines.add(line);
    client.setNoDelay();
    server.setNoDelay();
    await Promise.all([
      this.#carry(line, client, server, "there"),
      this.#carry(line, server, client, "back"),
    ]);
    this.#lines.delete(line);
  }

  async #carry(
    line: Line,
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    direction: Direction,
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      while (!line.isClosed) {
        const count = await from.read(buffer);
        // What was lost cannot be told from what never came: the end of it is lost, too.
        if (count === null && line.isHalfOpen(direction)) return await line.closed;
        if (count === null) break;
        const bytes = this.edit(buffer.subarray(0, count), direction);
        const treatment = this.#treatments[direction];
        const lateness = treatment.kind === "late" ? treatment.milliseconds : 0;
        if (lateness > 0 || line.isLate(direction)) {
          line.sendLate(direction, to, bytes.slice(), lateness);
        } else if (await this.#comes(line, direction)) {
          await writeAll(to, bytes);
        }
      }
    } catch {
      // Broken, by whomever.
    }
    line.endLate(direction, to);
    await line.delivered();
    line.close();
  }

  /** Waits until bytes may go on; whether they arrive. */
  async #comes(line: Line, direction: Direction): Promise<boolean> {
    if (line.isClosed || line.isHalfOpen(direction)) return false;
    const treatment = this.#treatments[direction];
    if (treatment.kind === "swallow") {
      line.lose(direction);
      return false;
    }
    if (treatment.kind === "delay") {
      await new Promise((resolve) => setTimeout(resolve, treatment.milliseconds));
    }
    if (treatment.kind === "hold") {
      await Promise.race([this.#changed.promise, line.closed]);
      return await this.#comes(line, direction);
    }
    return true;
  }
}

/** A connection of a program, and the one to the server that belongs to it. */
class Line {
  readonly #ends: readonly Deno.TcpConn[];
  readonly #closed = Promise.withResolvers<void>();
  readonly #lossy = new Set<Direction>();
  /** What is still under way: one after the other. */
  readonly #late = new Map<Direction, Promise<void>>();
  readonly #lateness = new Map<Direction, number>();
  isClosed = false;

  constructor(...ends: readonly Deno.TcpConn[]) {
    this.#ends = ends;
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  lose(direction: Direction): void {
    this.#lossy.add(direction);
  }

  isHalfOpen(direction: Direction): boolean {
    return this.#lossy.has(direction);
  }

  /** Whether bytes are under way that those that come now must not overtake. */
  isLate(direction: Direction): boolean {
    return this.#late.has(direction);
  }

  sendLate(direction: Direction, to: Deno.TcpConn, bytes: Uint8Array, milliseconds: number): void {
    const due = performance.now() + milliseconds;
    this.#lateness.set(direction, Math.max(milliseconds, this.#lateness.get(direction) ?? 0));
    const before = this.#late.get(direction) ?? Promise.resolve();
    const sent = before.then(async () => {
      const left = due - performance.now();
      const pause = new Promise((resolve) => setTimeout(resolve, left));
      if (left > 0) await Promise.race([pause, this.closed]);
      if (!this.isClosed) await writeAll(to, bytes);
    }).catch(() => {}).finally(() => {
      if (this.#late.get(direction) === sent) this.#late.delete(direction);
    });
    this.#late.set(direction, sent);
  }

  /** The end of what came late comes late as well. */
  endLate(direction: Direction, to: Deno.TcpConn): void {
    const lateness = this.#lateness.get(direction);
    if (lateness !== undefined) this.sendLate(direction, to, new Uint8Array(), lateness);
  }

  /** Waits until what is late has come. */
  async delivered(): Promise<void> {
    await Promise.all(this.#late.values());
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const end of this.#ends) end.close();
    this.#closed.resolve();
  }
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}
