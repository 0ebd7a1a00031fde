/**
 * Network file systems, on which SQLite's locks and its shared memory are not safe
 * (https://www.sqlite.org/wal.html, "All processes using a database must be on the same host").
 *
 * @module
 */

/** As Linux names them in mountinfo. */
const NETWORK_TYPES: ReadonlySet<string> = new Set([
  "afs",
  "beegfs",
  "ceph",
  "cifs",
  "fuse.glusterfs",
  "fuse.sshfs",
  "glusterfs",
  "gfs2",
  "lustre",
  "ncpfs",
  "nfs",
  "nfs4",
  "ocfs2",
  "smb3",
  "smbfs",
]);

/**
 * The type of the network file system on which a path lies, or null if it is none.
 *
 * @param mountinfo the text of `/proc/self/mountinfo`, see proc_pid_mountinfo(5)
 * @param path absolute, without links
 */
export function networkMount(mountinfo: string, path: string): string | null {
  let best = { point: "", type: "" };
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = unescape(before?.split(" ")[4] ?? "");
    const type = after?.split(" ")[0] ?? "";
    // Of two at one point, the later one hides the earlier.
    if (contains(point, path) && point.length >= best.point.length) best = { point, type };
  }
  return NETWORK_TYPES.has(best.type) ? best.type : null;
}

function contains(point: string, path: string): boolean {
  if (point === "") return false;
  return point === "/" || path === point || path.startsWith(`${point}/`);
}

/** Space, tab, newline and backslash stand as octal numbers. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
