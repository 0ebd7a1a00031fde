import assert from "node:assert/strict";
import { diskCheck, type Room } from "../../src/doctor/disk.ts";
import { machineCheck, programCheck, SENSES, type Senses } from "../../src/doctor/surroundings.ts";
import { fileCheck, hasWalResetBug, versionCheck } from "../../src/store/sqlite/examine_file.ts";
import type { Database } from "../../src/store/sqlite/database.ts";
import type { Patient } from "../../src/store/sqlite/examine.ts";
import { findCircle } from "../../src/store/sql/examine_parents.ts";
import { tempDir } from "../helpers/temp_dir.ts";

const HEALTHY: Senses = {
  denoVersion: "2.9.6",
  realPath: (path) => path,
  read: () => "Max open files            1024                 4096                 files\n",
  env: () => undefined,
};

const GB = 1e9;

/** What is found where there is so much room. */
async function found(room: Partial<Room>): Promise<string[]> {
  const whole = { free: 50 * GB, size: 100 * GB, freeFiles: 1e6, files: 1e7, ...room };
  const { findings } = await diskCheck("/srv/queue.db.d", () => Promise.resolve(whole));
  return findings.map(({ verdict, text }) => `${verdict}: ${text}`);
}

Deno.test("diskCheck() warns before the disk is full, in bytes and in files", async () => {
  assert.deepEqual(await found({}), []);
  assert.deepEqual(await found({ free: 20 * GB, size: 1000 * GB }), []);
  assert.deepEqual(await found({ free: 2 * GB }), [
    "warning: The disk of /srv is nearly full: 2.0 GB of 100.0 GB are free",
  ]);
  assert.deepEqual(await found({ free: 99e6, size: 200e6 }), [
    "warning: The disk of /srv is nearly full: 99 MB of 200 MB are free",
  ]);
  assert.deepEqual(await found({ free: 9e6 }), [
    "problem: The disk of /srv has hardly any room: 9 MB of 100.0 GB are free",
  ]);
  assert.deepEqual(await found({ freeFiles: 9 }), [
    "warning: The disk of /srv has room for only 9 files",
  ]);
  // File systems that make files of whatever is free say 0.
  assert.deepEqual(await found({ freeFiles: 0, files: 0 }), []);
  assert.match((await diskCheck("/")).text, /^[\d.]+ [GM]B of [\d.]+ GB are free$/);
});

Deno.test("machineCheck() finds what jobs and their rescue miss", () => {
  const texts = (senses: Partial<Senses>, directory = "/srv/queue.db.d") =>
    machineCheck({ directory, isShared: false }, { ...HEALTHY, ...senses }).findings.map((
      { text },
    ) => text).join("\n");
  assert.equal(texts({}), "");
  assert.deepEqual(
    machineCheck({ directory: "/srv/queue.db.d", isShared: false }, SENSES).findings,
    [],
  );
  assert.match(
    texts({ realPath: () => null }),
    /^There is no \/bin\/sh.*\nThere is no \/usr\/bin\/env/,
  );
  assert.match(texts({ read: () => null }), /^\/proc cannot be read/);
  const few = () => "Max open files            64                 64                 files\n";
  assert.match(texts({ read: few }), /^A process may open only 64 files/);
  assert.equal(texts({}, `/${"d".repeat(87)}`), "");
  assert.match(
    texts({}, `/${"d".repeat(88)}`),
    /^The path of the store is too long for sockets \(by 1 b/,
  );
  assert.match(texts({ env: () => "Mars/Olympus" }), /^TZ is Mars\/Olympus/);
  for (const zone of ["", "Europe/Berlin", ":UTC", "CET-1CEST", "/etc/localtime"]) {
    assert.equal(texts({ env: () => zone }), "", zone);
  }
});

Deno.test("programCheck() finds a Deno that is too old", async () => {
  for (
    const [version, isOld] of [["2.4.1", true], ["1.46.0", true], ["2.4.2", false], [
      "2.10.0",
      false,
    ]]
  ) {
    const { findings, text } = await programCheck({ ...HEALTHY, denoVersion: version as string });
    assert.equal(findings.length > 0, isOld, text);
  }
});

Deno.test("hasWalResetBug() knows the versions that have it, and those that were mended", () => {
  for (const version of ["3.7.0", "3.40.1", "3.44.5", "3.49.1", "3.50.6", "3.51.2"]) {
    assert.equal(hasWalResetBug(version), true, version);
  }
  for (const version of ["3.6.23", "3.44.6", "3.50.7", "3.51.3", "3.53.2", "4.0.0"]) {
    assert.equal(hasWalResetBug(version), false, version);
  }
});

Deno.test("versionCheck() sends nobody to update the Deno inside an executable", async () => {
  const ask = (() => Promise.resolve({ sqlite: "3.49.1", schema: 1 })) as Patient["ask"];
  for (
    const [isExecutable, mend] of [[true, /^Update queuectl/], [false, /deno upgrade$/]] as const
  ) {
    const { findings } = await versionCheck({ ask }, isExecutable);
    assert.match(findings[0]?.mend ?? "", mend);
  }
});

Deno.test("findCircle() finds one among many chains, and none where there is none", () => {
  const chain = Array.from({ length: 1000 }, (_, i) => ({ child: `c${i + 1}`, parent: `c${i}` }));
  assert.equal(findCircle([]), null);
  assert.equal(findCircle([...chain, { child: "c1000", parent: "c0" }]), null);
  const circle = findCircle([
    ...chain,
    { child: "x", parent: "y" },
    { child: "y", parent: "z" },
    { child: "z", parent: "x" },
    { child: "c0", parent: "x" },
  ]);
  assert.deepEqual(circle?.toSorted(), ["x", "y", "z"]);
  assert.deepEqual(findCircle([{ child: "a", parent: "a" }]), ["a"]);
});

Deno.test("fileCheck() finds a store on a network file system", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(dir.join("queue.db"), "");
  const facts = { journal_mode: "wal", size: 1, free: 0 };
  const options = { full: false, now: 0, command: ["queuectl"], hostIdentity: "" };
  const patient: Patient = {
    ask: (work) => Promise.resolve(work({ get: () => facts } as unknown as Database)),
    path: dir.join("queue.db"),
    options,
  };
  const on = async (type: string) =>
    (await fileCheck(patient, () => `30 1 0:40 / ${dir.path} rw - ${type} host:/x rw`)).findings;
  assert.deepEqual(await on("ext4"), []);
  const [found, ...others] = await on("nfs4");
  assert.deepEqual(others, []);
  assert.match(found!.text, /^The store is on a network file system \(nfs4\)/);
});
