/**
 * Where the demo plays: a temporary directory with a store of its own, and the processes that work in
 * it.
 *
 * @module
 */

import { ownCommand } from "../own_command.ts";
import { Child, type ChildOptions } from "./child.ts";
import { Guard } from "./guard.ts";
import { killProcessesWith, processesWith } from "./processes.ts";

/**
 * The variable that marks every process of the demo. Commands inherit it like any other; those of our
 * own, such as `QUEUECTL_DB`, a worker takes out of what launchers inherit.
 */
const MARK = "XDG_DATA_HOME";

/** The directory and the processes; both are gone when it is disposed of. */
export class Scene implements AsyncDisposable {
  /** All that the demo makes is in it. */
  readonly directory: string;
  /** Where jobs run. */
  readonly folder: string;
  readonly store: string;
  /** Aborted when somebody asks the demo to end. */
  readonly signal: AbortSignal;
  readonly #keep: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #children = new Set<Child>();
  readonly #guard: Guard;

  private constructor(directory: string, { signal, keep }: SceneOptions) {
    this.directory = directory;
    this.folder = `${directory}/work`;
    this.store = `${directory}/queue.db`;
    this.signal = signal;
    this.#keep = keep;
    this.#env = {
      ...inherited(),
      [MARK]: this.#mark,
      QUEUECTL_DB: this.store,
      NO_COLOR: "1",
      PWD: this.folder,
    };
    const mark = `${MARK}=${this.#mark}`;
    this.#guard = new Guard({ mark, directory: keep ? null : directory });
    signal.addEventListener("abort", () => this.#killChildren());
  }

  /** Makes the directory. */
  static async make(options: SceneOptions): Promise<Scene> {
    // A short name, since the path of a socket may have 107 bytes.
    const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "queuectl-demo-" }));
    const scene = new Scene(directory, options);
    await Deno.mkdir(scene.folder);
    return scene;
  }

  /** Starts a program in the folder. */
  spawn(command: readonly string[], onLine?: ChildOptions["onLine"]): Child {
    this.signal.throwIfAborted();
    const options = { command, cwd: this.folder, env: this.#env };
    const child = new Child(onLine === undefined ? options : { ...options, onLine });
    this.#children.add(child);
    child.ended.then(() => this.#children.delete(child));
    return child;
  }

  /** Starts this program, in a process of its own. */
  spawnQueuectl(args: readonly string[], onLine?: ChildOptions["onLine"]): Child {
    return this.spawn([...ownCommand(), ...args], onLine);
  }

  /** The pids of all that runs here, whoever started it; none where there is no `/proc`. */
  get pids(): number[] {
    return processesWith(MARK, this.#mark).map(({ pid }) => pid);
  }

  get #mark(): string {
    return `${this.directory}/data`;
  }

  #killChildren(): void {
    for (const child of this.#children) child.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killChildren();
    await Promise.all([...this.#children].map((child) => child.ended));
    await killProcessesWith(MARK, this.#mark);
    if (!this.#keep) await Deno.remove(this.directory, { recursive: true });
    await this.#guard[Symbol.asyncDispose]();
  }
}

/** How a scene is made. */
export interface SceneOptions {
  /** Ends everything when it is aborted. */
  readonly signal: AbortSignal;
  /** Whether the directory stays. */
  readonly keep: boolean;
}

/** The user's environment, less what would make the program behave in another way. */
function inherited(): Record<string, string> {
  const unwanted = /^(QUEUECTL_.*|FORCE_COLOR|CLICOLOR.*)$/;
  const all = Object.entries(Deno.env.toObject());
  return Object.fromEntries(all.filter(([name]) => !unwanted.test(name)));
}
