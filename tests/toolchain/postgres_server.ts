/**
 * A PostgreSQL server of a test's own: it may be stopped, killed, filled and started again.
 *
 * @module
 */

import { waitFor } from "../helpers/wait_for.ts";
import { run } from "./command.ts";
import {
  giveToPostgres,
  POSTGRES_ROLE,
  POSTGRES_SUPERUSER,
  type PostgresProgram,
  postgresProgram,
  postgresUser,
  type PostgresVersion,
} from "./postgres_program.ts";

/** What a server is like. */
export interface ServerOptions {
  /** The newest if absent. */
  readonly version?: PostgresVersion;
  /** Set where a power cut is played: what is committed is on the disk. Without it the server is faster. */
  readonly isDurable?: boolean;
  /** Added to its configuration: names and values as in `postgresql.conf`, without quotes. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Gives the folder of all its files a disk of its own, until what it returns is disposed of. */
  readonly mount?: (folder: string) => Promise<AsyncDisposable>;
}

/**
 * How a server is ended: it waits for its clients to go, sends them away, or leaves at once and recovers at
 * its next start. `kill` is SIGKILL to its first process alone.
 */
export type StopMode = "smart" | "fast" | "immediate" | "kill";

const SIGNALS: Readonly<Record<StopMode, Deno.Signal>> = {
  smart: "SIGTERM",
  fast: "SIGINT",
  immediate: "SIGQUIT",
  kill: "SIGKILL",
};

/** A copy of the template, and how to run a server on it. */
export interface Cluster {
  readonly program: PostgresProgram;
  /** The data directory. */
  readonly data: string;
  readonly port: number;
  /** The command that runs the server in the foreground. */
  readonly command: readonly string[];
}

/**
 * Makes the data directory of a server in a folder, which {@link postgresUser} may enter. Nothing runs yet.
 *
 * @throws if there is no PostgreSQL for this machine
 */
export async function makeCluster(
  folder: string,
  { version = "newest", isDurable = false, settings = {} }: ServerOptions = {},
): Promise<Cluster> {
  const program = await postgresProgram(version);
  const data = `${folder}/data`;
  await run(["cp", "-a", program.template, data]);
  const port = freePort();
  const all = { ...SETTINGS, ...isDurable ? {} : HASTY, ...settings, port: String(port) };
  const lines = Object.entries(all).map(([name, value]) => `${name} = '${value}'\n`);
  await Deno.writeTextFile(`${data}/postgresql.auto.conf`, lines.join(""));
  return { program, data, port, command: [program.executable, "-D", data] };
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "400",
  max_wal_size: "256MB",
  // Not that of any test: what depends on it shall be seen.
  timezone: "America/St_Johns",
  datestyle: "SQL, DMY",
};

const HASTY: Readonly<Record<string, string>> = { fsync: "off", full_page_writes: "off" };

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The pid of the server's first process; null where none is up. */
export async function readyPid(data: string): Promise<number | null> {
  try {
    const lines = (await Deno.readTextFile(`${data}/postmaster.pid`)).split("\n");
    return lines[7]?.trim() === "ready" ? Number(lines[0]) : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The address of a server's database for a role. */
export function postgresUrl({ program: { password }, port }: Cluster, role = POSTGRES_ROLE) {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${POSTGRES_ROLE}`;
}

/** Runs the server; kills it when nobody holds the stdin any more, as after SIGKILL to a test. */
const WATCHED = 'exec 3<&0 </dev/null; "$@" 3<&- & server=$!; ' +
  "{ cat; kill -QUIT $server; } <&3 >/dev/null 2>&1 & watcher=$!; wait $server; kill $watcher";

/** A server that runs until it is disposed of. */
export class PostgresServer implements AsyncDisposable {
  readonly #folder: string;
  readonly #cluster: Cluster;
  readonly #disk: AsyncDisposable | undefined;
  #running: { readonly shell: Deno.ChildProcess; readonly pid: number } | null = null;

  private constructor(folder: string, cluster: Cluster, disk: AsyncDisposable | undefined) {
    this.#folder = folder;
    this.#cluster = cluster;
    this.#disk = disk;
  }

  /**
   * Makes a server and starts it.
   *
   * @throws if there is no PostgreSQL for this machine, or it does not start
   */
  static async run(options: ServerOptions = {}): Promise<PostgresServer> {
    const folder = await Deno.makeTempDir({ prefix: "qt-pg-" });
    const disk = await options.mount?.(folder);
    try {
      await giveToPostgres(folder);
      const server = new PostgresServer(folder, await makeCluster(folder, options), disk);
      await server.start();
      return server;
    } catch (error) {
      await disk?.[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** The address of its database, for a role that owns it and is no superuser. */
  get url(): string {
    return postgresUrl(this.#cluster);
  }

  /** The same for the superuser. */
  get adminUrl(): string {
    return postgresUrl(this.#cluster, POSTGRES_SUPERUSER);
  }

  /** The port of 127.0.0.1, the same after each start. */
  get port(): number {
    return this.#cluster.port;
  }

  /** The data directory. */
  get data(): string {
    return this.#cluster.data;
  }

  /** The pid of its first process. @throws if it does not run */
  get pid(): number {
    if (this.#running === null) throw new Error("The server does not run");
    return this.#running.pid;
  }

  /** Whether it was started, and not stopped since; it may have ended by itself. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** What it has logged. */
  async log(): Promise<string> {
    return await Deno.readTextFile(`${this.#folder}/log`);
  }

  /**
   * Starts it again, and waits until it takes connections.
   *
   * @throws if it does not
   */
  async start(): Promise<void> {
    await waitFor(() => this.#tryToStart(), { timeout: 30_000, message: "a start of PostgreSQL" });
  }

  /** False where processes of the server that was killed are still there: it does not start then. */
  async #tryToStart(): Promise<boolean> {
    const before = await readyPid(this.data);
    const shell = new Deno.Command("/bin/sh", {
      args: ["-c", `{ ${WATCHED}; } >>'${this.#folder}/log' 2>&1`, "sh", ...this.#cluster.command],
      cwd: "/",
      ...postgresUser,
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    const status = shell.status.then(() => ended = true);
    const pid = await waitFor(async () => {
      const ready = await readyPid(this.data);
      return ready !== null && ready !== before ? ready : ended && "ended";
    }, { timeout: 30_000, message: "PostgreSQL to be ready" });
    if (pid !== "ended") {
      this.#running = { shell, pid };
      return true;
    }
    await shell.stdin.close();
    await status;
    const log = await this.log();
    if (before !== null) return false;
    throw new Error(`PostgreSQL did not start:\n${log}`);
  }

  /** Ends it, and waits until it has; nothing happens where it does not run. */
  async stop(mode: StopMode = "fast"): Promise<void> {
    if (this.#running === null) return;
    const { shell, pid } = this.#running;
    this.#running = null;
    try {
      Deno.kill(pid, SIGNALS[mode]);
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await shell.status;
    await shell.stdin.close();
  }

  /** Stops it and starts it again. */
  async restart(mode: StopMode = "fast"): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate");
    await this.#disk?.[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
