import assert from "node:assert/strict";
import { processInfo } from "../../src/worker/host.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { exists, REPOSITORY } from "./folders.ts";
import { PostgresServer, type Shared } from "./postgres.ts";
import { giveToPostgres } from "./postgres_program.ts";
import { readyPid } from "./postgres_server.ts";

/** Whether a PostgreSQL answers there: it says Y or N to the question whether it speaks TLS. */
async function answers(url: string): Promise<boolean> {
  try {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(url).port),
    });
    await connection.write(new Uint8Array([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
    const answer = new Uint8Array(1);
    return await connection.read(answer) === 1 && "SN".includes(String.fromCharCode(answer[0]!));
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}

Deno.test("a PostgreSQL of one's own can be stopped, killed and started in its place", async () => {
  await using server = await PostgresServer.run();
  assert.equal(await answers(server.url), true);
  for (const mode of ["smart", "fast", "immediate", "kill"] as const) {
    await server.stop(mode);
    assert.equal(await answers(server.url), false, mode);
    await server.start();
    assert.equal(await answers(server.url), true, mode);
  }
});

Deno.test("the shared PostgreSQL runs until the last of its users is killed", async () => {
  await using dir = await tempDir();
  await giveToPostgres(dir.path);
  const state = dir.join("state");
  await using first = user(state);
  await using second = user(state);
  const [server, same] = await Promise.all([first.server, second.server]);
  assert.deepEqual(same, server);
  const pid = await readyPid(server.data);
  first.process.kill("SIGKILL");
  await first.process.status;
  await waitFor(async () => (await Array.fromAsync(Deno.readDir(`${state}/users`))).length === 1);
  assert.equal(await answers(server.url), true);
  second.process.kill("SIGKILL");
  await second.process.status;
  await waitFor(async () => !await exists(server.data), { message: "the end of the server" });
  assert.equal(processInfo(pid!)?.alive ?? false, false);
  assert.equal(await exists(`${state}/server`), false);
});

/** A process that asks for the server, and what it is told. */
function user(state: string) {
  const script = `import { joinServer } from "${import.meta.resolve("./postgres.ts")}";
    console.log(JSON.stringify(await joinServer("${state}", "newest")));
    await Deno.stdin.read(new Uint8Array(1));`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", `--config=${REPOSITORY}tests/deno.json`, script],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const told = async (): Promise<Shared> => {
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    await reader.cancel();
    return JSON.parse(value);
  };
  return {
    process,
    server: told(),
    [Symbol.asyncDispose]: async () => {
      await process.stdin.close().catch(() => {});
      await process.status;
    },
  };
}
