import { deepStrictEqual } from "node:assert/strict";
import { queuectl } from "../../helpers/cli.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { assertGolden } from "../golden.ts";
import { loadedBy } from "./loaded.ts";

/** What people and scripts call often; each has to be over in a moment. */
const LIGHT = [
  ["enqueue", '{"command":"true"}'],
  ["enqueue", "--queue", "media", "--", "true"],
  ["status"],
  ["list"],
  ["show", "job1"],
  ["cancel", "job1"],
  ["retry", "job2"],
  ["delete", "job3"],
  ["queue", "list"],
  ["queue", "pause", "default"],
  ["config", "list"],
  ["config", "set", "lease", "30s"],
  ["dlq", "list"],
  ["worker", "list"],
  ["--help"],
  ["--version"],
];

/** Packages that validate and name new jobs; the others have no place in a light command. */
const PACKAGES = ["npm:uuidv7", "npm:valibot"];

/** What `node:sqlite` is made of. */
const BUILT_IN = ["ext:deno_node/sqlite.ts", "node:sqlite"];

/** A command line, and what it loads beyond an empty program. */
type Loaded = readonly [line: string, modules: readonly string[]];

Deno.test("a light command loads what it uses and nothing else", async () => {
  await using dir = await tempDir();
  const jobs = ["job1", "job2", "job3"].map((id) => JSON.stringify({ id, command: "true" }));
  const db = dir.join("queue.db");
  await queuectl(["enqueue", "--file", "-"], { db, stdin: jobs.join("\n") });
  for (const id of ["job2", "job3"]) await queuectl(["cancel", id], { db });
  const always = new Set(await loadedBy(dir.path, []));
  const found: Loaded[] = [];
  for (const args of LIGHT) {
    const loaded = await loadedBy(dir.path, ["--db", db, ...args]);
    found.push([args.join(" "), loaded.filter((name) => !always.has(name))]);
  }
  const foreign = found.flatMap(([line, modules]) => {
    const allowed = [...BUILT_IN, ...line.startsWith("enqueue") ? PACKAGES : []];
    const names = modules.filter((name) => !name.startsWith("src/") && !allowed.includes(name));
    return names.length === 0 ? [] : [[line, names]];
  });
  deepStrictEqual(foreign, []);
  await assertGolden("loads", describe(found));
});

/** What all of them load, what all load that use a store, then what each one loads beyond that. */
function describe(found: readonly Loaded[]): string {
  const every = common(found);
  const withStore = found.filter(([, modules]) => modules.includes("node:sqlite"));
  const store = common(withStore).filter((name) => !every.includes(name));
  const shared = [...every, ...store];
  return [
    paragraph("Every command", every),
    paragraph("Every command that uses a store", store),
    ...found.map(([line, modules]) =>
      paragraph(
        `queuectl ${line}, ${modules.length} modules`,
        modules.filter((name) => !shared.includes(name)),
      )
    ),
  ].join("\n\n") + "\n";
}

function common(found: readonly Loaded[]): readonly string[] {
  return found[0]![1].filter((name) => found.every(([, modules]) => modules.includes(name)));
}

function paragraph(title: string, names: readonly string[]): string {
  return [`${title}:`, ...names.map((name) => `  ${name}`)].join("\n");
}
