/**
 * PostgreSQL for tests: one server that all processes of the tests share, and servers of a test's own.
 *
 * @module
 */

import { processInfo } from "../../src/worker/host.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { run } from "./command.ts";
import { exists } from "./folders.ts";
import {
  giveToPostgres,
  POSTGRES_SUPERUSER,
  postgresProgram,
  postgresUser,
  type PostgresVersion,
} from "./postgres_program.ts";
import { makeCluster, postgresUrl, readyPid } from "./postgres_server.ts";

export { PostgresServer, type ServerOptions, type StopMode } from "./postgres_server.ts";
export type { PostgresVersion } from "./postgres_program.ts";

/** Names a server to test with instead of one that is started here. */
const GIVEN = "QUEUECTL_TEST_POSTGRES";

/** Where the shared server can be reached. */
export interface Shared {
  /** As a role that owns its database and is no superuser. */
  readonly url: string;
  /** As the superuser. */
  readonly adminUrl: string;
  /** Its data directory. */
  readonly data: string;
}

/**
 * The address of a server that is shared with all tests that run at the same time: started if it does not
 * run yet, and ended within two seconds after the last process that has asked for it. A test takes a schema
 * of its own (`?schema=t_…`) and changes nothing else. `QUEUECTL_TEST_POSTGRES` stands for the newest one.
 *
 * @throws if there is no PostgreSQL for this machine, or it does not start
 */
export async function testServer(version: PostgresVersion = "newest"): Promise<string> {
  const given = Deno.env.get(GIVEN);
  if (given !== undefined && version === "newest") return given;
  return (await shared(version)).url;
}

/** The same for its superuser. */
export async function testServerAdmin(version: PostgresVersion = "newest"): Promise<string> {
  return (await shared(version)).adminUrl;
}

const known = new Map<PostgresVersion, Promise<Shared>>();

function shared(version: PostgresVersion): Promise<Shared> {
  const found = known.get(version) ??
    postgresProgram(version).then(({ folder }) => joinServer(`${folder}/shared`, version));
  known.set(version, found);
  return found;
}

/**
 * Makes this process one of those for which a server runs, and starts it if it does not run yet.
 *
 * @param state the folder in which its users are written down; {@link postgresUser} must be able to enter it
 */
export async function joinServer(state: string, version: PostgresVersion): Promise<Shared> {
  await Deno.mkdir(`${state}/users`, { recursive: true });
  await giveToPostgres(state);
  await giveToPostgres(`${state}/users`);
  using lock = await Deno.open(`${state}/lock`, { create: true, write: true });
  await lock.lock(true);
  await giveToPostgres(`${state}/lock`);
  const { startTime } = processInfo(Deno.pid)!;
  await Deno.writeTextFile(`${state}/users/${Deno.pid}.${startTime}`, "");
  return await running(state) ?? await startShared(state, version);
}

/** The server that runs already. */
async function running(state: string): Promise<Shared | null> {
  if (!await exists(`${state}/server`)) return null;
  const server: Shared = JSON.parse(await Deno.readTextFile(`${state}/server`));
  const pid = await readyPid(server.data);
  return pid !== null && processInfo(pid)?.alive === true ? server : null;
}

async function startShared(state: string, version: PostgresVersion): Promise<Shared> {
  const folder = await Deno.makeTempDir({ prefix: "qt-pg-" });
  await giveToPostgres(folder);
  const cluster = await makeCluster(folder, { version });
  const { code } = await new Deno.Command("setsid", {
    args: ["--fork", "/bin/sh", "-c", KEEPER, "keeper", state, folder, ...cluster.command],
    cwd: "/",
    ...postgresUser,
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).output();
  if (code !== 0) throw new Error("setsid cannot start PostgreSQL's keeper");
  try {
    await waitFor(() => readyPid(cluster.data), { timeout: 60_000 });
  } catch {
    throw new Error(`PostgreSQL did not start:\n${await run(["cat", `${folder}/log`])}`);
  }
  const server: Shared = {
    url: postgresUrl(cluster),
    adminUrl: postgresUrl(cluster, POSTGRES_SUPERUSER),
    data: cluster.data,
  };
  await Deno.writeTextFile(`${state}/server`, JSON.stringify(server), { mode: 0o600 });
  return server;
}

/**
 * Runs the shared server until none of the processes lives that have written themselves down as its users:
 * by pid and start time, so that it does not matter how they end. Its arguments are the folder with the
 * users, the folder of the server, and the command that runs it.
 */
const KEEPER = `
state=$1 folder=$2
shift 2
"$@" >"$folder/log" 2>&1 &
server=$!

# lives PID START: the start time is field 22; a name with spaces and parentheses stands before field 3.
lives() {
  read -r line 2>/dev/null <"/proc/$1/stat" || return 1
  set -- "$2" \${line##*) }
  test "$1" = "\${21}"
}

is_used() {
  for user in "$state"/users/*; do
    test -e "$user" || continue
    name=\${user##*/}
    if lives "\${name%.*}" "\${name#*.}"; then return 0; fi
    rm -f "$user"
  done
  return 1
}

while sleep 1; do
  if is_used; then continue; fi
  # Whoever comes now waits, and starts another one.
  exec 9>"$state/lock"
  flock 9
  if is_used; then exec 9>&-; continue; fi
  rm -f "$state/server"
  kill -QUIT $server
  break
done
wait $server
rm -rf "$folder"
`;
