/** What a store's files are open to, while everything that makes files is at work. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

const untilGo = "until test -e go; do sleep 0.05; done";

const ENDINGS = [".d", ".log", ".out", ".err", ".in", ".end", ".status"];

for (const umask of ["000", "077"]) {
  flow(`under umask ${umask} all files of a store are the user's alone`, async (stage) => {
    const id = "a/../../../x";
    await stage.sh(`umask ${umask}
      printf %s '{"id": "${id}", "command": "umask > mask; cat > read; ${untilGo}", "stdin": "in"}' |
        queuectl enqueue
      queuectl enqueue --id stubborn -- sh -c 'trap "" TERM; echo > trapped; ${untilGo}'
      queuectl worker start --count 2 --detach 2> detached`);
    await stage.untilLines("trapped");
    await waitFor(() => stage.read("read") === "in");
    assert.match(stage.read("mask"), new RegExp(`^0*${umask.replace(/^0*/, "") || "0"}\\n$`));
    const cancel = await stage.spawn(["cancel", "stubborn"]);
    const files = await waitFor(() => {
      const all = filesOf(stage);
      return all.some(({ path }) => path.endsWith(".end")) && all;
    });
    const kinds = new Set(files.map(({ path }) => /\.[a-z-]+$/.exec(path)?.[0] ?? path));
    for (const ending of [...stage.endings, ...ENDINGS]) {
      assert.ok(kinds.has(ending), `${ending} among ${[...kinds]}`);
    }
    for (const { path, mode, isDirectory } of files) {
      assert.equal(mode.toString(8), isDirectory ? "700" : "600", path);
    }
    await Deno.writeTextFile(stage.join("go"), "");
    // It may end by itself first.
    await cancel.ended();
    await stage.ok("worker", "stop");
    assert.equal((await stage.job(id)).state, "completed");
  }, { vias: ["source"], stores: BOTH_STORES });
}

flow("names of workers and jobs lead nowhere", async (stage) => {
  for (const name of ["../../x", "/tmp/x", "a b", ""]) {
    const { code } = await stage.run(["worker", "start", "--drain", "--name", name]);
    assert.equal(code, 2, name);
  }
  for (const id of ["../x", "/x", ".", ""]) {
    assert.equal((await stage.run(["enqueue", "--id", id, "--", "true"])).code, 2, id);
  }
  for (const name of ["QUEUECTL_ATTEMPT_TOKEN", "QUEUECTL_DB", "QUEUECTL_X", "A=B", "A B"]) {
    const spec = JSON.stringify({ command: "true", env: { [name]: "x" } });
    assert.equal((await stage.run(["enqueue", spec])).code, 2, name);
  }
}, { vias: ["source"] });

/** Everything in the user's directory of queuectl. */
function filesOf(stage: Stage) {
  const directory = stage.join(".local/share/queuectl");
  return [directory, ...inside(directory)].map((path) => {
    const { mode, isDirectory } = Deno.lstatSync(path);
    return { path, mode: mode! & 0o7777, isDirectory };
  });
}

function inside(directory: string): string[] {
  return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) => {
    const path = `${directory}/${name}`;
    return isDirectory ? [path, ...inside(path)] : [path];
  });
}
