import { strictEqual } from "node:assert/strict";
import { networkMount } from "../../../src/store/sqlite/network_mount.ts";

const MOUNTS = [
  "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "40 22 0:35 / /home/ann/nfs rw,relatime shared:9 master:3 - nfs4 server:/x rw",
  "41 22 0:36 / /mnt/with\\040space rw - cifs //server/share rw",
  "42 22 0:37 / /mnt/both rw - nfs server:/y rw",
  "43 22 0:38 / /mnt/both rw - tmpfs tmpfs rw",
  "44 40 0:39 / /home/ann/nfs/local rw - xfs /dev/sdb1 rw",
  "",
].join("\n");

Deno.test("networkMount() goes by the innermost, latest mount", () => {
  const expected: [path: string, type: string | null][] = [
    ["/home/ann", null],
    ["/home/ann/nfsother", null],
    ["/home/ann/nfs", "nfs4"],
    ["/home/ann/nfs/queue", "nfs4"],
    ["/home/ann/nfs/local/queue", null],
    ["/mnt/with space/x", "cifs"],
    ["/mnt/both/x", null],
  ];
  for (const [path, type] of expected) strictEqual(networkMount(MOUNTS, path), type, path);
  strictEqual(networkMount("", "/x"), null);
  strictEqual(networkMount(Deno.readTextFileSync("/proc/self/mountinfo"), Deno.cwd()), null);
});
