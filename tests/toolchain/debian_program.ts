/**
 * Programs that many machines have: that of the machine, or else one out of Debian's packages.
 *
 * @module
 */

import { debianPackages } from "./debian_packages.ts";

/** A program, and what its environment needs. */
export interface Program {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Which program is wanted. */
export interface WantedProgram {
  readonly name: string;
  /** The packages that hold it, and those of its libraries that a small system may lack. */
  readonly packages: readonly string[];
  /** Arguments with which it ends with 0 where it works. */
  readonly test: readonly string[];
}

/** The program; null where it can neither be found nor be had, or does not work. */
export async function debianProgram(wanted: WantedProgram): Promise<Program | null> {
  const { name, packages, test } = wanted;
  if (Deno.build.os !== "linux") return null;
  const system = { program: name, env: {} };
  if (await works(system, test)) return system;
  try {
    const folder = await debianPackages(name, packages);
    const libraries = ["lib", "usr/lib"].map((path) =>
      `${folder}/${path}/${Deno.build.arch}-linux-gnu`
    );
    const own = {
      program: `${folder}/usr/bin/${name}`,
      env: { LD_LIBRARY_PATH: libraries.join(":") },
    };
    return await works(own, test) ? own : null;
  } catch {
    return null;
  }
}

async function works({ program, env }: Program, args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(program, {
      args: [...args],
      env: { ...env },
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}
