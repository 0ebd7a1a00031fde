/**
 * Where a flow in the browser is played: a store, a dashboard process, and a page that looks at it. What
 * no page may do fails the test, whatever it is about: an error, a violation of the content security
 * policy, a request to a foreign origin.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { RunningProgram, Via } from "../helpers/cli.ts";
import { flow, type Stage } from "../flows/stage.ts";
import type { StoreKind } from "../flows/stage_store.ts";
import { noBrowser, startBrowser } from "./browser.ts";

/** The window, and who looks: its size, whether it is dark, and so on. */
export type Look = NonNullable<Parameters<Browser["newContext"]>[0]>;

/** How a flow in the browser is played. */
export interface BrowseOptions {
  /** In what forms of the program; `source` and `executable` if absent. */
  readonly vias?: readonly Via[];
  /** In what stores; `sqlite` alone if absent. */
  readonly stores?: readonly StoreKind[];
  /** More arguments for `queuectl dashboard`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly look?: Look;
  /** What is to be there before the dashboard. */
  readonly prepare?: (stage: Stage) => Promise<unknown>;
}

/** What a test waits for comes within so long, milliseconds. */
const PATIENCE = 20_000;

if (noBrowser !== null) {
  console.error(`NO BROWSER, so no test in a browser is run: ${noBrowser}`);
}

/** Registers a test that looks at the dashboard with a browser; it is ignored where there is none. */
export function browse(
  title: string,
  body: (scene: Scene) => Promise<void>,
  { vias = ["source", "executable"], stores = ["sqlite"], look = {}, prepare, ...start }:
    BrowseOptions = {},
): void {
  flow(title, async (stage) => {
    await using browser = await startBrowser();
    await prepare?.(stage);
    const scene = new Scene(stage, browser, await startDashboard(stage, start), look);
    try {
      await body(scene);
    } catch (error) {
      throw new Error(await scene.describe(), { cause: error });
    }
    assert.deepEqual(scene.complaints, []);
  }, { vias, stores, ignore: noBrowser !== null });
}

/** A dashboard's process, and where it is: without a `/` at the end. */
export interface RunningDashboard {
  readonly program: RunningProgram;
  readonly url: string;
}

/** Starts `queuectl dashboard`, at a free port unless `args` name one. */
export async function startDashboard(
  stage: Stage,
  { args = [], env = {} }: Pick<BrowseOptions, "args" | "env"> = {},
): Promise<RunningDashboard> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const program = await stage.spawn(["dashboard", ...port, ...args, "--json"], { env });
  const { url } = JSON.parse(await program.line('"url"'));
  return { program, url: url.replace(/\/$/, "") };
}

/** What a flow in the browser has at hand. */
export class Scene {
  readonly stage: Stage;
  readonly dashboard: RunningProgram;
  /** Where the dashboard is, without a `/` at the end. */
  readonly url: string;
  /** What pages complained of so far. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #look: Look;
  readonly #expected: RegExp[] = [];
  #context: Promise<BrowserContext> | undefined;
  readonly #pages: Page[] = [];

  constructor(stage: Stage, browser: Browser, { program, url }: RunningDashboard, look: Look) {
    this.stage = stage;
    this.dashboard = program;
    this.url = url;
    this.#browser = browser;
    this.#look = look;
  }

  /** Opens a page; with a look of its own it is another visitor, who shares nothing with the others. */
  async open(path = "/", look?: Look): Promise<Page> {
    const context = look === undefined
      ? await (this.#context ??= this.#newContext(this.#look))
      : await this.#newContext(look);
    const page = await context.newPage();
    this.#pages.push(page);
    this.#listen(page);
    await page.goto(this.url + path);
    return page;
  }

  async #newContext(look: Look): Promise<BrowserContext> {
    const context = await this.#browser.newContext({ reducedMotion: "reduce", ...look });
    context.setDefaultTimeout(PATIENCE);
    return context;
  }

  #listen(page: Page): void {
    const complain = (text: string) => {
      if (!this.#expected.some((pattern) => pattern.test(text))) this.complaints.push(text);
    };
    page.on("pageerror", (error) => complain(`error: ${error.stack ?? error.message}`));
    page.on("console", (message) => {
      // Violations of the policy are errors too.
      if (message.type() !== "error") return;
      complain(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== "data:" && origin !== this.url) complain(`foreign: ${request.url()}`);
    });
    page.on("dialog", (dialog) => complain(`dialog: ${dialog.message()}`));
  }

  /** From now on pages may complain of this: the test is about it. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** Asks the API, which must not refuse; returns what it answers. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      headers: { "content-type": "application/json", "x-queuectl": "1" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  /** Enqueues jobs. */
  async enqueue(...specs: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    await this.api("POST", "/jobs?answer=ids", specs);
  }

  /** What the pages show, for who has to find out why a test failed. */
  async describe(): Promise<string> {
    const shown = this.#pages.filter((page) => !page.isClosed()).map(async (page) => {
      const content = await page.locator("body").ariaSnapshot({ timeout: 2000 }).catch(String);
      return `${page.url()}:\n${content}`;
    });
    const pages = (await Promise.all(shown)).join("\n\n");
    return `The flow failed; complaints: ${JSON.stringify(this.complaints)}\n${pages}`;
  }
}
