/**
 * Makes the screenshots of the README, `tests/browser/screenshots/{light,dark}.png`: the overview of a
 * queue that has been at work for a day. `deno task screenshots`
 *
 * @module
 */

import { serveDashboard } from "../../src/web/server.ts";
import type { Store } from "../../src/store/store.ts";
import { Queue } from "../cli/queue.ts";
import { REPOSITORY } from "../toolchain/folders.ts";
import { startBrowser } from "./browser.ts";
import { liveADay } from "./busy_day.ts";

/** Where the store of the pictures seems to be. */
const LOCATION = "/home/anna/.local/share/queuectl/queue.db";

/** Larger pictures make a README slow, bytes. */
const MOST = 200_000;

await using queue = await Queue.open();
await liveADay(queue);
const store: Store = new Proxy(queue.store, {
  get(target, name) {
    if (name === "location") return LOCATION;
    const value: unknown = Reflect.get(target, name);
    return typeof value === "function" ? value.bind(target) : value;
  },
});
await using server = serveDashboard({
  store,
  host: "127.0.0.1",
  port: 0,
  token: null,
  readOnly: false,
  origin: null,
  cwd: queue.directory,
  now: () => queue.now,
  log: { request: () => {}, failure: (error) => console.error(error) },
});
await using browser = await startBrowser();
for (const colorScheme of ["light", "dark"] as const) {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 690 },
    deviceScaleFactor: 1.5,
    colorScheme,
    reducedMotion: "reduce",
  });
  await page.clock.setFixedTime(queue.now);
  await page.goto(server.url);
  await page.getByText("95th percentile").first().waitFor();
  const path = `${REPOSITORY}tests/browser/screenshots/${colorScheme}.png`;
  const { byteLength } = await page.screenshot({ path });
  if (byteLength > MOST) throw new Error(`${path} has ${byteLength} bytes, more than ${MOST}`);
  console.log(`${path}: ${Math.round(byteLength / 1000)} kB`);
}
