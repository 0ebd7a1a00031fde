import assert from "node:assert/strict";
import { cpuTimeOf, residentOf } from "./resident.ts";

/** What a process has that holds so many megabytes. */
async function residentWith(megabytes: number) {
  const script = `const bytes = new Uint8Array(${megabytes} * 2 ** 20).fill(1);
    console.log(bytes.length);
    Deno.stdin.readSync(new Uint8Array(1));
    console.log("They are kept until now:", bytes.length);`;
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    ...{ stdin: "piped", stdout: "piped" },
  }).spawn();
  await child.stdout.getReader().read();
  const resident = residentOf(child.pid);
  await child.stdin.close();
  return resident;
}

Deno.test("residentOf() sees what a process takes", async () => {
  const [small, large] = [await residentWith(1), await residentWith(65)];
  assert.ok(large.own < large.resident && large.resident <= large.peak, `${large.own}`);
  const more = large.own - small.own;
  assert.ok(more > 56 && more < 80, `64 MB more are ${more} MB`);
});

Deno.test("cpuTimeOf() is the CPU time of the process so far, milliseconds", () => {
  const before = cpuTimeOf(Deno.pid);
  const begun = performance.now();
  let now = before;
  for (let looks = 0; looks < 100_000 && now < before + 50; looks++) now = cpuTimeOf(Deno.pid);
  assert.ok(now >= before + 50, "it goes on");
  // Its threads run on all cores, and the kernel counts in steps of 10 ms.
  const most = (performance.now() - begun + 20) * navigator.hardwareConcurrency;
  assert.ok(now - before <= most, `${now - before} ms, not ${most}`);
});
