/**
 * Jobs that do real work on real files.
 *
 * @module
 */

import { FILES, gunzip, sha256 } from "../files.ts";
import { completedJobs } from "../jobs.ts";
import type { Stage } from "../stage.ts";
import type { Step } from "../step.ts";

const NAMES = Object.keys(FILES);

/** Compresses and checksums files, and verifies every byte. */
export const COMPRESS_FILES: Step = {
  name: "files",
  title: "Compress and checksum real files",
  async play(stage) {
    await stage.say(`Here are ${NAMES.length} files of 2 MiB each, and two jobs for each of them.`);
    for (const [name, make] of Object.entries(FILES)) {
      await Deno.writeFile(stage.path(name), make());
    }
    const jobs = NAMES.flatMap((name) => [
      // No retries: whatever fails here would fail again.
      { id: `gzip-${name}`, command: `gzip -k -f ${name}`, max_retries: 0 },
      { id: `sum-${name}`, command: checksum(name), max_retries: 0 },
    ]);
    const text = jobs.map((job) => `${JSON.stringify(job)}\n`).join("");
    await stage.write("jobs.ndjson", text, { head: 2, tail: 0 });
    await stage.queuectl(["enqueue", "--file", "jobs.ndjson"], { head: 2, tail: 0 });
    await stage.queuectl(["worker", "start", "--count", "4", "--drain"], { head: 4, tail: 2 });
    const { length } = await completedJobs(stage, jobs.map(({ id }) => id));
    await stage.verify(length === jobs.length, `${length} of ${jobs.length} jobs completed`, "");
    await stage.shell(`gzip -t *.gz && { ${either((sum) => `${sum} -c *.sha256`)}; }`);
    await verifyFiles(stage);
  },
};

function checksum(name: string): string {
  return `{ ${either((sum) => `${sum} ${name}`)}; } > ${name}.sha256`;
}

/** With the coreutils of Linux, or the Perl script that macOS has. */
function either(line: (sum: string) => string): string {
  return `${line("sha256sum")} || ${line("shasum -a 256")}`;
}

/** By other means than the jobs: Web Crypto and Web Streams. */
async function verifyFiles(stage: Stage): Promise<void> {
  let before = 0;
  let after = 0;
  for (const name of NAMES) {
    const original = await Deno.readFile(stage.path(name));
    const [sum] = (await Deno.readTextFile(stage.path(`${name}.sha256`))).split(" ");
    const digest = await sha256(original);
    if (sum !== digest) {
      await stage.verify(false, `the checksum of ${name} is ${digest}`, `the job wrote ${sum}`);
    }
    const packed = await Deno.readFile(stage.path(`${name}.gz`));
    if (await sha256(await gunzip(packed)) !== digest) {
      await stage.verify(false, `${name}.gz holds ${name}`, "it holds other bytes");
    }
    before += original.length;
    after += packed.length;
  }
  await stage.verify(true, `${NAMES.length} checksums are right, by Web Crypto as well`, "");
  const sizes = `${megabytes(before)} became ${megabytes(after)}`;
  await stage.verify(true, `Each .gz decompresses to the very bytes of its file; ${sizes}`, "");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
