/**
 * The script of the page, made from its source by the Deno that runs.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Makes of the page's modules one file for browsers. */
const COMMAND = ["bundle", "--platform", "browser", "--minify", "--quiet"];

/**
 * The script that `src/web/page/main.tsx` and all that it imports become.
 *
 * @throws {Error} if it cannot be made; the message is a sentence for the user
 */
export async function bundlePage(): Promise<Uint8Array<ArrayBuffer>> {
  const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...COMMAND, "--config", here("../../deno.json"), here("page/main.tsx")],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (success) return stdout;
  const [reason = ""] = new TextDecoder().decode(stderr).trim().split("\n");
  throw new Error(
    `The page cannot be made from its source: ${
      reason.replace(/^error: /, "") || "nobody says why"
    }`,
  );
}
