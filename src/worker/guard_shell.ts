/**
 * A shell that watches over this process, and lives on if it is killed.
 *
 * @module
 */

/**
 * Starts one, in a session of its own: what ends this process, such as the end of its terminal, does not end it.
 *
 * @param words its script, the name by which it goes, and its arguments
 */
export function startGuardShell(...words: readonly string[]): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    args: ["-c", ...words],
    cwd: "/",
    // Without what marks the processes of a job: this one itself may run in one that is ended.
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin" },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
}
