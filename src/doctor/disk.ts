/**
 * Whether there is room for more.
 *
 * @module
 */

import { type Check, type Finding, problem, warning } from "../store/examination.ts";
import { quoteWord } from "../worker/quote.ts";
import { isDirectory } from "./ward.ts";

/** Room on a file system, in bytes and in files; files are 0 where they have no limit. */
export interface Room {
  readonly free: number;
  readonly size: number;
  readonly freeFiles: number;
  readonly files: number;
}

/** Below the first, or that part of it all, there is a warning; below the second, bytes, a problem. */
const LITTLE = 100_000_000;
const PART = 0.05;
const NONE = 10_000_000;

/** A large disk is not full with so many bytes free, whatever part that is. */
const PLENTY = 10_000_000_000;

/** The file system of a store's directory, whether that is there yet or not. */
export async function diskCheck(directory: string, look = roomAt): Promise<Check> {
  const place = nearestDirectory(directory);
  const room = await look(place);
  if (room === null) return { name: "disk", text: "Its room cannot be seen here", findings: [] };
  const free = `${describe(room.free)} of ${describe(room.size)}`;
  const mend = `Make room; to see what takes it: du -xh -d 1 ${
    quoteWord(place.slice(0, place.lastIndexOf("/")) || "/")
  }`;
  const findings: Finding[] = [];
  if (room.free < NONE) {
    findings.push(problem(`The disk of ${place} has hardly any room: ${free} are free`, mend));
  } else if (room.free < LITTLE || (room.free < room.size * PART && room.free < PLENTY)) {
    findings.push(warning(`The disk of ${place} is nearly full: ${free} are free`, mend));
  }
  if (room.files > 0 && room.freeFiles < 1000) {
    findings.push(warning(`The disk of ${place} has room for only ${room.freeFiles} files`, mend));
  }
  return { name: "disk", text: `${free} are free`, findings };
}

/** The directory itself, or the nearest one above it that is there. */
function nearestDirectory(path: string): string {
  if (path === "/" || isDirectory(path)) return path;
  return nearestDirectory(path.slice(0, path.lastIndexOf("/")) || "/");
}

/** The room on the file system of a path; null where that cannot be seen. */
async function roomAt(path: string): Promise<Room | null> {
  try {
    // Here alone: it takes 20 ms to load.
    const { statfsSync } = await import("node:fs");
    const { bavail, blocks, bsize, ffree, files } = statfsSync(path);
    return { free: bavail * bsize, size: blocks * bsize, freeFiles: ffree, files };
  } catch {
    return null;
  }
}

function describe(bytes: number): string {
  return bytes < 1e9 ? `${Math.floor(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
