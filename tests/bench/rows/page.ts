/**
 * How long somebody waits who looks at the dashboard of a large store.
 *
 * @module
 */

import type { Browser, Page } from "playwright-core";
import { spawnQueuectl } from "../../helpers/cli.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { makeBusyStore } from "../growth/busy_store.ts";
import { quantile } from "../quantile.ts";

const JOBS = 1_000_000;
const ROUNDS = 10;

/** From the request for the page to the first picture with data in it, milliseconds. */
const FIRST_PAINT = 1000;
/** From the click on a filter to the picture with what it finds, milliseconds. */
const FILTER_CHANGE = 200;

/** Views, and what is there as soon as they show data. */
const VIEWS: Readonly<Record<string, readonly [path: string, sign: string]>> = {
  overview: ["/", ".tile-count"],
  jobs: ["/jobs", "tbody tr"],
};

/** What is done in the list of jobs, and what is true of each row as soon as it shows the answer. */
const FILTERS: Readonly<Record<string, readonly [act: string, holds: string]>> = {
  "a state": [
    `[...document.querySelectorAll(".states label")]
      .find((label) => label.textContent.startsWith("dead")).querySelector("input").click()`,
    `row.querySelector(".badge").textContent === "dead"`,
  ],
  "a queue": [
    `{
      const select = document.querySelector(".filter-row select");
      select.value = "queue-1";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    }`,
    `row.querySelector("[data-label=Queue]").textContent === "queue-1"`,
  ],
};

/** Resolves with the time of the picture after the one in which `condition` holds. */
const UNTIL = (condition: string) => `
  new Promise((resolve) => {
    const look = () => {
      if (${condition}) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      else requestAnimationFrame(look);
    };
    look();
  })`;

/** Milliseconds from the beginning of the navigation to the data; nothing is in the browser's cache. */
async function firstPaint(
  browser: Browser,
  url: string,
  [path, sign]: readonly [string, string],
): Promise<number> {
  const page = await browser.newPage();
  await page.goto(url + path, { waitUntil: "commit" });
  await page.locator(sign).first().waitFor();
  const time = await page.evaluate<number>(UNTIL("true"));
  await page.close();
  return time;
}

/** Milliseconds from the change of a filter to the rows that it finds. */
async function filterChange(
  page: Page,
  [act, holds]: readonly [string, string],
): Promise<number> {
  const isShown = `((rows) => rows.length > 0 && rows.every((row) => ${holds}))(
    [...document.querySelectorAll("tbody tr")])`;
  return await page.evaluate<number>(`(async () => {
    if (${isShown}) throw new Error("The list has nothing to leave out");
    const begin = performance.now();
    ${act};
    return await ${UNTIL(isShown)} - begin;
  })()`);
}

async function look(browser: Browser, url: string): Promise<Record<string, number>> {
  // Once for nothing: from source the script is made when the dashboard starts.
  await firstPaint(browser, url, VIEWS.overview!);
  const times = new Map<string, number[]>();
  const add = (name: string, time: number) => times.set(name, [...times.get(name) ?? [], time]);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, view] of Object.entries(VIEWS)) {
      add(`first paint with data, ${name}`, await firstPaint(browser, url, view));
    }
    for (const [name, filter] of Object.entries(FILTERS)) {
      const page = await browser.newPage();
      await page.goto(`${url}/jobs`);
      await page.locator("tbody tr").first().waitFor();
      add(`change of filter, ${name}`, await filterChange(page, filter));
      await page.close();
    }
  }
  return Object.fromEntries(
    Array.from(times, ([name, found]) => [
      [`${name}, median`, quantile(found, 0.5)],
      [`${name}, 90 %`, quantile(found, 0.9)],
    ]).flat(),
  );
}

function contestant(folder: string, startBrowser: () => Promise<Browser>): Contestant {
  let store: Promise<string> | null = null;
  return {
    name: "the page",
    async run() {
      const path = await (store ??= makeStore(folder));
      const args = ["--db", path, "dashboard", "--port", "0", "--json"];
      await using dashboard = await spawnQueuectl(args);
      const { url } = JSON.parse(await dashboard.line('"url"'));
      await using browser = await startBrowser();
      return await look(browser, url.replace(/\/$/, ""));
    },
  };
}

async function makeStore(folder: string): Promise<string> {
  const path = `${await Deno.makeTempDir({ dir: folder })}/queue.db`;
  await makeBusyStore(path, JOBS);
  return path;
}

/** In a real browser, with a page that it has never seen. */
export const page: Benchmark = {
  name: "page",
  title: `The dashboard's page in a browser, of a store with ${JOBS.toLocaleString("en-GB")} jobs`,
  unit: "ms",
  repeats: 1,
  warmUp: false,
  targets: [
    ...Object.keys(VIEWS).map((name) => ({
      of: `the page, first paint with data, ${name}, median`,
      atMost: FIRST_PAINT,
    })),
    ...Object.keys(FILTERS).map((name) => ({
      of: `the page, change of filter, ${name}, median`,
      atMost: FILTER_CHANGE,
    })),
  ],
  async prepare(folder) {
    // Other benchmarks need no browser.
    const { noBrowser, startBrowser } = await import("../../browser/browser.ts");
    return noBrowser === null ? [contestant(folder, startBrowser)] : [];
  },
};
