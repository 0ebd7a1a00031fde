/**
 * What it costs to enqueue one job, and to ask how things are.
 *
 * @module
 */

import { start } from "../../helpers/program.ts";
import { bundle, emptyProgram } from "../../toolchain/bundle.ts";
import { compile } from "../../toolchain/compile.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { type Command, time } from "../processes.ts";

/** A turn measures so many, since one takes only a moment. */
const PER_TURN = 10;

const RUN = ["run", "--allow-all", "--no-config", "--no-lock"] as const;

function contestant(name: string, command: Command): Contestant {
  return {
    name,
    async run() {
      let milliseconds = 0;
      for (let i = 0; i < PER_TURN; i++) milliseconds += await time(command);
      return milliseconds / PER_TURN;
    },
  };
}

/** The whole process of `enqueue`, against a program that does nothing. */
export const enqueueOne: Benchmark = {
  name: "enqueue-one",
  title: "`enqueue` of one job, whole process",
  unit: "ms",
  targets: [
    { of: "from source", against: "empty program", atMost: 2 },
    { of: "bundle", against: "empty program", atMost: 2 },
    { of: "executable", against: "empty executable", atMost: 2 },
  ],
  async prepare(folder) {
    const empty = await emptyProgram(`${folder}/empty`);
    const bundled = await bundle(`${folder}/bundle`);
    await compile(empty, `${folder}/nothing`, () => {});
    const [source, executable] = await Promise.all([start("source"), start("executable")]);
    const db = `${folder}/queue.db`;
    const enqueue = ["--db", db, "enqueue", '{"command":"true"}'];
    const deno = [Deno.execPath(), ...RUN] as const;
    return [
      contestant("empty program", [...deno, `${empty.folder}/${empty.main}`]),
      contestant("from source", [...source.command, ...enqueue]),
      contestant("status, from source", [...source.command, "--db", db, "status"]),
      contestant("list, from source", [...source.command, "--db", db, "list"]),
      contestant("bundle", [...deno, `${bundled.folder}/${bundled.main}`, ...enqueue]),
      contestant("empty executable", [`${folder}/nothing`]),
      contestant("executable", [...executable.command, ...enqueue]),
    ];
  },
};
