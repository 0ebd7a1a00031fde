/**
 * A disk that can lose its power: it knows what was synced, and what a cut may therefore undo.
 *
 * What a file holds is safe once the file was synced, and a name once its directory was: that is all
 * that POSIX promises, and less than most file systems do. Whatever is not safe may be there or not, in
 * any order and in pieces of a sector. Names of one directory come in their order, as from a journal.
 *
 * @module
 */

import type { Random } from "../random.ts";
import type { Call } from "./trace.ts";

/** How much of what is not safe a cut leaves: nothing, all, the first part of it, or any part of it. */
export const CUTS = ["bare", "whole", "ordered", "torn"] as const;
/** How much of what is not safe a cut leaves. */
export type Cut = typeof CUTS[number];

/** The files that are there after a cut, by path. */
export type Image = ReadonlyMap<string, Uint8Array>;

/** The pieces in which a disk writes, bytes. */
const SECTORS = [512, 4096] as const;

type Change =
  & { readonly begin: number; readonly end: number }
  & (
    | { readonly type: "write"; readonly at: number; readonly bytes: Uint8Array }
    | { readonly type: "truncate"; readonly size: number }
  );

/** A file with the changes that are not safe yet, oldest first. */
class Inode {
  #safe = new Uint8Array();
  #changes: Change[] = [];
  /** Where the next append goes. */
  size = 0;

  change(change: Change): void {
    this.#changes.push(change);
    this.size = change.type === "truncate"
      ? change.size
      : Math.max(this.size, change.at + change.bytes.length);
  }

  /** The begin of the oldest change that is not safe. */
  get oldest(): number {
    return this.#changes[0]?.begin ?? Infinity;
  }

  /** What had ended by then is safe. */
  sync(before: number): void {
    this.#safe = apply(this.#safe, this.#changes.filter(({ end }) => end < before));
    this.#changes = this.#changes.filter(({ end }) => end >= before);
  }

  after(cut: Cut, until: number, random: Random): Uint8Array {
    const changes = cut === "bare"
      ? []
      : cut === "whole"
      ? this.#changes
      : cut === "ordered"
      ? this.#changes.filter(({ begin }) => begin <= until)
      : this.#changes.flatMap((change) => pieces(change, random));
    return apply(this.#safe, changes);
  }
}

interface Naming {
  readonly path: string;
  /** Null if the name was taken away. */
  readonly inode: Inode | "directory" | null;
  readonly end: number;
}

/** The part of a disk that is under a directory, which itself is safe. */
export class Disk {
  readonly #root: string;
  readonly #now = new Map<string, Inode | "directory">();
  readonly #safe = new Map<string, Inode | "directory">();
  #namings: Naming[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  /** Takes note that a call has begun: of a write, something may be on the disk already. */
  begin(call: Call): void {
    if (call.type !== "write" && call.type !== "truncate") return;
    const inode = this.#now.get(call.path);
    if (inode === undefined || inode === "directory") return;
    const { begin, end } = call;
    inode.change(
      call.type === "truncate"
        ? { type: "truncate", size: call.size, begin, end }
        : { type: "write", at: call.at ?? inode.size, bytes: call.bytes, begin, end },
    );
  }

  /** Takes note that a call has ended. */
  end(call: Call): void {
    const { type, path, end } = call;
    if (type === "mkdir") this.#name({ path, inode: "directory", end });
    if (type === "create" && !this.#now.has(path)) this.#name({ path, inode: new Inode(), end });
    if (type === "unlink" && this.#now.has(path)) this.#name({ path, inode: null, end });
    if (type === "sync") this.#sync(call);
  }

  /** What is there after a cut at this moment. */
  after(cut: Cut, random: Random, moment: number): Image {
    const names = new Map(this.#safe);
    const inodes = [...this.#now.values()].filter((inode) => inode !== "directory");
    const oldest = Math.min(
      ...[moment, ...this.#namings.map(({ end }) => end), ...inodes.map(({ oldest }) => oldest)],
    );
    // Of each directory, the changes up to some moment.
    const directories = new Map<string, number>();
    for (const naming of this.#namings) {
      const directory = parentOf(naming.path);
      const until = directories.get(directory) ??
        (cut === "bare" ? -1 : cut === "whole" ? moment : random.between(oldest - 1, moment));
      directories.set(directory, until);
      if (naming.end <= until) setName(names, naming);
    }
    const until = random.between(oldest - 1, moment);
    const image = new Map<string, Uint8Array>();
    for (const [path, inode] of names) {
      if (inode === "directory" || !this.#isReachable(path, names)) continue;
      image.set(path, inode.after(cut, until, random));
    }
    return image;
  }

  #name(naming: Naming): void {
    setName(this.#now, naming);
    this.#namings.push(naming);
  }

  #sync({ path, begin }: Call): void {
    const inode = this.#now.get(path);
    if (inode !== undefined && inode !== "directory") return inode.sync(begin);
    const isSafe = (naming: Naming) => parentOf(naming.path) === path && naming.end < begin;
    for (const naming of this.#namings) if (isSafe(naming)) setName(this.#safe, naming);
    this.#namings = this.#namings.filter((naming) => !isSafe(naming));
  }

  #isReachable(path: string, names: ReadonlyMap<string, unknown>): boolean {
    const parent = parentOf(path);
    return parent === this.#root || names.has(parent) && this.#isReachable(parent, names);
  }
}

function setName(names: Map<string, Inode | "directory">, { path, inode }: Naming): void {
  if (inode === null) names.delete(path);
  else names.set(path, inode);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Any part of a change. */
function pieces(change: Change, random: Random): Change[] {
  if (change.type === "truncate") return random.chance(0.5) ? [change] : [];
  const sector = random.pick(SECTORS);
  const kept = random.pick([0, 0.5, 0.9, 1]);
  const { at, bytes } = change;
  const found: Change[] = [];
  for (let from = at - at % sector; from < at + bytes.length; from += sector) {
    if (!random.chance(kept)) continue;
    const begin = Math.max(from, at);
    const part = bytes.subarray(begin - at, from + sector - at);
    found.push({ ...change, at: begin, bytes: part });
  }
  return found;
}

function apply(before: Uint8Array, changes: readonly Change[]): Uint8Array<ArrayBuffer> {
  const ends = changes.map((change) =>
    change.type === "truncate" ? change.size : change.at + change.bytes.length
  );
  const bytes = new Uint8Array(Math.max(before.length, ...ends));
  bytes.set(before);
  let size = before.length;
  for (const change of changes) {
    if (change.type === "truncate") {
      bytes.fill(0, change.size);
      size = change.size;
    } else {
      bytes.set(change.bytes, change.at);
      size = Math.max(size, change.at + change.bytes.length);
    }
  }
  return bytes.subarray(0, size);
}
