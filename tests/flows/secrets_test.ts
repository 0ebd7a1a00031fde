/** The values of `env`, and passwords in URLs: nobody gets to see them, by whatever way. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { flow, type Stage } from "./stage.ts";

const SECRET = "Zq7xKv9wJy";

flow(
  "env: its values are in the database and in the job's processes, and nowhere else",
  async (stage) => {
    const spec = {
      command: "echo begun >> begun; until test -e go; do sleep 0.05; done; exit 3",
      env: { TOKEN: SECRET },
      max_retries: 1,
      backoff_base: 0,
    };
    await stage.run(["enqueue"], { stdin: JSON.stringify({ ...spec, id: "job" }) });
    await stage.run(["enqueue"], {
      stdin: JSON.stringify({ ...spec, id: "gone", cwd: "/no/such" }),
    });
    await stage.ok("worker", "start", "--detach", "--log-level", "debug", "--count", "2");
    const worker = await stage.worker(["--log-format", "json", "--log-level", "debug"]);
    await stage.untilLines("begun");
    for (const [pid, line] of stage.processes()) {
      assert.ok(!line.includes(SECRET), `${pid} ${line}`);
    }
    // Those that run the command have it, and no others.
    const holders = [...stage.processes().keys()].filter((pid) =>
      environmentOf(pid).includes(SECRET)
    );
    assert.ok(holders.length > 0);
    assertNotInFiles(stage);
    await Deno.writeTextFile(stage.join("go"), "");
    await stage.until("job", "dead");
    await stage.until("gone", "dead");
    await stage.ok("worker", "stop");
    const { stdout, stderr } = await stage.end(worker);
    assert.ok(!`${stdout}${stderr}`.includes(SECRET));
    assertNotInFiles(stage);
    assert.ok(filesIn(stage.directory).some((path) => path.endsWith(".log")));
  },
  { vias: ["source"] },
);

flow("--db: a URL is not shown with its password", async (stage) => {
  const urls = [
    [5, `postgres://user:${SECRET}@127.0.0.1:1/db`],
    [5, `postgresql://user:${SECRET}@host:1/db?x=y`],
    [2, `postgres:/user:${SECRET}@host/db`],
    [2, `mysql://user:${SECRET}@`],
  ] as const;
  const commands = [["list"], ["worker", "start", "--detach"]];
  await Promise.all(urls.flatMap(([expected, url]) =>
    commands.map(async (words) => {
      const flag = await stage.run(["--db", url, "--log-level", "debug", ...words]);
      const variable = await stage.run(words, { env: { QUEUECTL_DB: url } });
      for (const { code, stdout, stderr } of [flag, variable]) {
        assert.equal(code, expected, stderr);
        assert.ok(!`${stdout}${stderr}`.includes(SECRET), stderr);
      }
    })
  ));
  await waitFor(() => stage.processes().size === 0);
}, { vias: ["source"] });

/** The database holds it, as it must: it and its log are the user's alone. */
function assertNotInFiles(stage: Stage): void {
  const databases = ["", "-wal", "-shm"].map((end) => `${stage.store}${end}`);
  for (const path of filesIn(stage.home)) {
    if (databases.includes(path)) continue;
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(path));
    assert.ok(!text.includes(SECRET), path);
  }
}

function filesIn(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory, isFile }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? filesIn(path) : isFile ? [path] : [];
  });
}

function environmentOf(pid: number): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`);
  } catch {
    return "";
  }
}
