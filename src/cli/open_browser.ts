/**
 * Shows a page in the user's browser.
 *
 * @module
 */

/** The program that opens an address, by the operating system. */
const OPENERS: Partial<Record<typeof Deno.build.os, readonly string[]>> = {
  darwin: ["open"],
  windows: ["cmd.exe", "/d", "/c", "start", ""],
};

/** It says so soon if there is no browser; milliseconds. */
const PATIENCE = 2000;

/** Opens an address; false if no program does. */
export async function openBrowser(url: string): Promise<boolean> {
  const [program, ...args] = OPENERS[Deno.build.os] ?? ["xdg-open"];
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), PATIENCE);
  try {
    const child = new Deno.Command(program!, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    // The browser itself may stay, and must not keep the dashboard.
    child.unref();
    void child.status.then(({ success }) => resolve(success));
    return await promise;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
