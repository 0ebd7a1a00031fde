/**
 * The packages of the peers, of which Deno is to know only where they run: they have a configuration of
 * their own, since their types would change what the tests' own packages look like.
 *
 * @module
 */

/** Imports a package that this folder's `deno.json` names. */
export async function peerModule<Module>(name: string): Promise<Module> {
  return await import(name);
}
