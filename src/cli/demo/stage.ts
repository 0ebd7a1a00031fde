/**
 * What a step does its work with: it runs the program as its users do, shows that, and verifies.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import type { Child, Ended } from "./child.ts";
import { Excerpt, type ExcerptOptions } from "./excerpt.ts";
import type { Narrator } from "./narrator.ts";
import type { Scene } from "./scene.ts";
import { StepFailure } from "./step.ts";

/** What of a command's output is shown. */
const USUAL: ExcerptOptions = { head: 8, tail: 3 };
/** A command that takes longer is given up, milliseconds. The longest takes about 4 s. */
const PATIENCE = 20_000;
const LOOK_INTERVAL = 20;

/** The scene and the story of one step. */
export class Stage {
  /** What held so far, a sentence each. */
  readonly verified: string[] = [];
  readonly scene: Scene;
  readonly #narrator: Narrator;

  constructor(scene: Scene, narrator: Narrator) {
    this.scene = scene;
    this.#narrator = narrator;
  }

  /** Says what is going on. */
  async say(text: string): Promise<void> {
    await this.#narrator.say(text);
  }

  /** Where a file of the step is. */
  path(name: string): string {
    return `${this.scene.folder}/${name}`;
  }

  /** Writes a text file where jobs run, and shows it. */
  async write(name: string, text: string, excerpt = USUAL): Promise<void> {
    await Deno.writeTextFile(this.path(name), text);
    await this.#narrator.command(`cat ${name}`);
    const lines = this.#excerpt(excerpt);
    text.trimEnd().split("\n").forEach((line) => lines.add(line));
    lines.end();
  }

  /** Shows `queuectl ARGS`, runs it to its end and shows what it prints. */
  async queuectl(args: readonly string[], excerpt = USUAL): Promise<Ended> {
    const line = quoteWords(["queuectl", ...args]);
    await this.#narrator.command(line);
    const lines = this.#excerpt(excerpt);
    const child = this.scene.spawnQueuectl(args, (text) => lines.add(text));
    const ended = await this.#successOf(child, line);
    lines.end();
    return ended;
  }

  /** Shows `queuectl ARGS &`, starts it and shows what it prints as long as it runs. */
  async start(args: readonly string[]): Promise<Child> {
    await this.#narrator.command(`${quoteWords(["queuectl", ...args])} &`);
    return this.scene.spawnQueuectl(args, (text) => this.#narrator.shown(text));
  }

  /** Shows `kill -9 PID` and does it, and waits for the end. */
  async kill(child: Child): Promise<void> {
    await this.#narrator.command(`kill -9 ${child.pid}`);
    child.kill();
    await child.ended;
  }

  /** Shows a line of shell and runs it where the jobs run. */
  async shell(line: string): Promise<Ended> {
    await this.#narrator.command(line);
    const lines = this.#excerpt(USUAL);
    const child = this.scene.spawn(["/bin/sh", "-c", line], (text) => lines.add(text));
    const ended = await this.#successOf(child, line);
    lines.end();
    return ended;
  }

  /** What `queuectl ARGS --json` prints, which is not shown. */
  async read<T>(args: readonly string[]): Promise<T> {
    const child = this.scene.spawnQueuectl([...args, "--json"]);
    const { stdout } = await this.#successOf(child, quoteWords(["queuectl", ...args, "--json"]));
    return JSON.parse(stdout);
  }

  /** What `queuectl ARGS` prints, which is not shown. */
  async readText(args: readonly string[]): Promise<string> {
    const child = this.scene.spawnQueuectl(args);
    return (await this.#successOf(child, quoteWords(["queuectl", ...args]))).stdout;
  }

  /**
   * Notes that something holds.
   *
   * @param sentence what holds, sentence case, no full stop
   * @param found what was found instead, if it does not
   * @throws {StepFailure} if it does not hold
   */
  async verify(holds: boolean, sentence: string, found: string): Promise<void> {
    if (!holds) throw new StepFailure(`this should hold: "${sentence}", but ${found}`);
    this.verified.push(sentence);
    await this.#narrator.verified(sentence);
  }

  /**
   * Waits until something holds.
   *
   * @throws {StepFailure} if it takes too long
   */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    while (!await holds()) {
      this.scene.signal.throwIfAborted();
      if (performance.now() > deadline) {
        throw new StepFailure(`waited ${PATIENCE / 1000} s in vain for this: ${what}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL));
    }
  }

  #excerpt(options: ExcerptOptions): Excerpt {
    return new Excerpt((line) => this.#narrator.shown(line), options);
  }

  async #successOf(child: Child, line: string): Promise<Ended> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill();
    }, PATIENCE);
    const ended = await child.ended;
    clearTimeout(timer);
    this.scene.signal.throwIfAborted();
    if (ended.code === 0) return ended;
    const said = ended.stderr.trim().split("\n").at(-1);
    const what = late
      ? `took more than ${PATIENCE / 1000} s`
      : `ended with exit code ${ended.code}`;
    throw new StepFailure(`${line}: ${what}${said ? `: ${said}` : ""}`);
  }
}
