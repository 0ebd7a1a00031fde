/** The power campaign of the soak, in short, and the disk on which it is played. */

import assert from "node:assert/strict";
import { flow } from "../flows/stage.ts";
import { powerCampaign } from "../soak/campaigns/power.ts";
import { CUTS, Disk, type Image } from "../soak/power/disk.ts";
import { type Call, findTracer } from "../soak/power/trace.ts";
import { Random } from "../soak/random.ts";

const tracer = await findTracer();

flow("what a user was told is done survives a power cut at any moment", async (stage) => {
  const work = { enqueuers: 2, enqueues: 3, held: 5, workers: 1, bulk: 0 };
  const options = { work, cuts: 60, copies: 0, drains: 1, seed: 1 };
  const { figures, faults } = await powerCampaign(stage, tracer!, options);
  assert.deepEqual(faults, []);
  assert.ok(figures.checked > figures.cuts, JSON.stringify(figures));
}, { vias: ["source"], ignore: tracer === null });

const bytes = (text: string) => new TextEncoder().encode(text);

/** Plays calls one after the other, and cuts the power often. */
function cutAfter(calls: readonly Readonly<Record<string, unknown>>[]): Set<string> {
  const disk = new Disk("/root");
  const random = new Random(1);
  for (const [index, call] of calls.entries()) {
    const place = { ...call, begin: index, end: index } as unknown as Call;
    disk.begin(place);
    disk.end(place);
  }
  const shown = (image: Image) =>
    [...image].map(([path, content]) => `${path}: ${new TextDecoder().decode(content)}`).join();
  return new Set(
    CUTS.flatMap((cut) =>
      Array.from({ length: 20 }, () => shown(disk.after(cut, random, calls.length)))
    ),
  );
}

const CREATED = [{ type: "create", path: "/root/a" }, { type: "sync", path: "/root" }];
const write = (at: number, text: string) => ({
  ...{ type: "write", path: "/root/a", at, bytes: bytes(text) },
});

Deno.test("Disk: what was written is safe once it was synced, and not before", () => {
  const written = [...CREATED, write(0, "one")];
  assert.deepEqual(cutAfter(written), new Set(["/root/a: ", "/root/a: one"]));
  const synced = [...written, { type: "sync", path: "/root/a" }];
  assert.deepEqual(cutAfter(synced), new Set(["/root/a: one"]));
});

Deno.test("Disk: of what was not synced the later may be there without the earlier", () => {
  const found = cutAfter([...CREATED, write(0, "a".repeat(512)), write(512, "b")]);
  assert.ok(found.has(`/root/a: ${"\0".repeat(512)}b`));
});

Deno.test("Disk: a name is safe once its directory was synced, and all above it", () => {
  const made = [
    { type: "mkdir", path: "/root/d" },
    { type: "create", path: "/root/d/f" },
    { type: "sync", path: "/root/d" },
  ];
  assert.deepEqual(cutAfter(made), new Set(["", "/root/d/f: "]));
  assert.deepEqual(cutAfter([...made, { type: "sync", path: "/root" }]), new Set(["/root/d/f: "]));
});

Deno.test("Disk: a file that was removed may come back until its directory was synced", () => {
  const removed = [...CREATED, { type: "unlink", path: "/root/a" }];
  assert.deepEqual(cutAfter(removed), new Set(["", "/root/a: "]));
  assert.deepEqual(cutAfter([...removed, { type: "sync", path: "/root" }]), new Set([""]));
});
