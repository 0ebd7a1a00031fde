/**
 * `deno doc --lint` over every source file, for a program that nobody imports. Whatever a module exports
 * needs its JSDoc. Left out are members whose name and type say it all, and the rules that guard the
 * published types of a library (a type that is private to its module, a return type that is inferred).
 *
 * @module
 */

import { filesIn, REPOSITORY } from "./folders.ts";

/** Where something is not documented, as `path:line:column`, outside of classes and interfaces. */
function undocumented(printed: string): string[] {
  const finding = /^error\[missing-jsdoc\].*\n *--> (\S.*)\n *\| *\n *\d+ \| (.*)$/gm;
  return [...printed.matchAll(finding)].flatMap(([, place = "", line = ""]) =>
    line.startsWith(" ") ? [] : [`${place}: ${line}`]
  );
}

const sources = (await filesIn("src")).filter((path) => /\.tsx?$/.test(path));
const paths = ["main.ts", ...sources];
const { code, stderr } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", "--quiet", ...paths],
  cwd: REPOSITORY,
  env: { NO_COLOR: "1" },
  stdout: "null",
}).output();
const printed = new TextDecoder().decode(stderr);
if (
  code !== 0 && !/^error: Found \d+ documentation lint errors?/m.test(printed)
) {
  console.error(printed);
  Deno.exit(1);
}
const places = undocumented(printed);
for (const place of places) {
  console.error(`Exported and not documented: ${place}`);
}
if (places.length > 0) Deno.exit(1);
console.log(`Checked the documentation of ${paths.length} files`);
