/**
 * A network of a machine's own, with a cable to this one that can be cut: nothing arrives any more, and
 * neither side is told. That takes root and Linux's network namespaces.
 *
 * @module
 */

/** Nobody has it. */
const NOBODY = "02:00:00:00:00:99";

/** A cable to a network namespace. */
export class Cable implements AsyncDisposable {
  readonly #name: string;
  /** The address of this machine for those at the other end. */
  readonly here: string;
  readonly #there: string;

  private constructor(name: string, here: string, there: string) {
    this.#name = name;
    this.here = here;
    this.#there = there;
  }

  /** Lays one; null where that cannot be done. */
  static async lay(): Promise<Cable | null> {
    if (Deno.build.os !== "linux" || Deno.uid() !== 0) return null;
    const [third = 0, fourth = 0, ...rest] = crypto.getRandomValues(new Uint8Array(5));
    const name = `qt${[third, fourth, ...rest].map((byte) => byte.toString(16)).join("")}`;
    const net = (host: number) => `10.213.${third}.${(fourth & 0xfc) + host}`;
    const cable = new Cable(name, net(1), net(2));
    try {
      await ip("netns", "add", name);
    } catch {
      return null;
    }
    try {
      await ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
      await ip("address", "add", `${cable.here}/30`, "dev", name);
      await ip("link", "set", name, "up");
      await ip("-n", name, "address", "add", `${cable.#there}/30`, "dev", "eth0");
      await ip("-n", name, "link", "set", "eth0", "up");
      return cable;
    } catch {
      await cable[Symbol.asyncDispose]();
      return null;
    }
  }

  /** What a command begins with that is to run at the other end. */
  get prefix(): readonly [string, ...string[]] {
    return ["ip", "netns", "exec", this.#name];
  }

  /** From now on what either side sends is addressed to nobody. */
  async cut(): Promise<void> {
    const nobody = ["lladdr", NOBODY, "nud", "permanent"];
    await ip("neighbor", "replace", this.#there, "dev", this.#name, ...nobody);
    await ip("-n", this.#name, "neighbor", "replace", this.here, "dev", "eth0", ...nobody);
  }

  /** It carries again, also what the systems of both sides send once more. */
  async mend(): Promise<void> {
    await ip("neighbor", "delete", this.#there, "dev", this.#name);
    await ip("-n", this.#name, "neighbor", "delete", this.here, "dev", "eth0");
  }

  /** What still runs at the other end stays there without a network. */
  async [Symbol.asyncDispose](): Promise<void> {
    await ip("link", "delete", this.#name).catch(() => {});
    await ip("netns", "delete", this.#name);
  }
}

async function ip(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
