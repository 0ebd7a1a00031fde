/**
 * Which queuectl this is.
 *
 * @module
 */

/** The version of this program, such as `1.2.3`. */
export async function ownVersion(): Promise<string> {
  const { default: { version } } = await import("../deno.json", { with: { type: "json" } });
  return version;
}
