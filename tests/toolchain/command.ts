/**
 * Runs the tools that the tools use.
 *
 * @module
 */

/** Where and with what a command runs. */
export interface CommandOptions {
  /** The directory; the own one if absent. */
  readonly cwd?: string;
  /** Added to the own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A command that did not exit with 0; the message ends with what it printed. */
export class CommandError extends Error {
  override name = "CommandError";
  /** The last line that says something, without the colours. */
  readonly reason: string;

  /** Describes the end of a command. */
  constructor(command: readonly string[], code: number, printed: string) {
    // deno-lint-ignore no-control-regex -- the escape character is what a colour begins with
    const plain = printed.replaceAll(/\x1b\[[0-9;]*m/g, "").trim();
    super(`Command ended with code ${code}: ${command.join(" ")}\n${plain}`);
    const [message = ""] = plain.split("\n\nStack backtrace:");
    this.reason = message.trim().split("\n").at(-1)?.replace(/^\s*(\d+: )?/, "") ?? "";
  }
}

/**
 * Runs a command to its end and returns what it wrote to stdout.
 *
 * @throws {CommandError} if it exits with anything but 0
 */
export async function run(
  command: readonly [string, ...string[]],
  { cwd, env }: CommandOptions = {},
): Promise<string> {
  const [program, ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...env } }),
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (code !== 0) {
    throw new CommandError(
      command,
      code,
      `${text}\n${new TextDecoder().decode(stderr)}`,
    );
  }
  return text;
}
