import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import type { Page } from "playwright-core";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES } from "../flows/stage.ts";
import { browse } from "./stage.ts";

/** The ids that the list shows. */
function idsOf(page: Page): Promise<string[]> {
  return page.getByRole("table", { name: "Jobs" }).locator("a.id").allInnerTexts();
}

/** Waits until the list shows these. */
async function shows(page: Page, ...ids: readonly string[]): Promise<void> {
  let last: readonly string[] = [];
  await waitFor(async () => (last = await idsOf(page)).join() === ids.join(), {
    timeout: 20_000,
    message: () => `${ids.join()}: it shows ${last.join()}`,
  });
}

browse(
  "Jobs: the filters stand in the address, and the way back undoes them",
  async (scene) => {
    await scene.enqueue(
      { id: "red", command: "echo red", queue: "mail", tags: ["night"], delay: "1h" },
      { id: "green", command: "echo green", queue: "mail" },
      { id: "blue", command: "echo blue and red", tags: ["night"] },
    );
    const page = await scene.open("/jobs");
    await shows(page, "blue", "green", "red");
    await page.getByRole("checkbox", { name: "pending" }).check();
    await shows(page, "blue", "green");
    await page.getByLabel("Queue").selectOption("mail");
    await shows(page, "green");
    const { search } = new URL(page.url());
    strictEqual(search, "?state=pending&queue=mail");
    await page.goBack();
    await shows(page, "blue", "green");
    await page.goBack();
    await shows(page, "blue", "green", "red");
    await page.goForward();
    await page.goForward();
    await shows(page, "green");

    // The address alone is enough, for whoever gets it sent.
    const other = await scene.open(`/jobs${search}&sort=oldest`);
    await shows(other, "green");
    strictEqual(await other.getByLabel("Queue").inputValue(), "mail");
    strictEqual(await other.getByRole("checkbox", { name: "pending" }).isChecked(), true);

    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByLabel("Search").fill("RED");
    await shows(page, "blue", "red");
    await page.getByLabel("Tag").fill("night");
    await page.getByLabel("Order").selectOption("oldest");
    await shows(page, "red", "blue");
    await page.getByRole("link", { name: "red", exact: true }).click();
    await page.getByRole("heading", { name: "Job red scheduled" }).waitFor();
    await page.goBack();
    await shows(page, "red", "blue");
    strictEqual(await page.getByLabel("Search").inputValue(), "RED");
    await page.getByLabel("Search").fill("purple");
    await page.getByText("No job matches").waitFor();
  },
);

browse("Jobs: new jobs come by themselves, and none moves under the hand", async (scene) => {
  await scene.enqueue({ id: "first", command: "true" });
  const page = await scene.open("/jobs");
  await shows(page, "first");
  await scene.enqueue({ id: "second", command: "true" });
  await shows(page, "second", "first");
  await page.getByRole("link", { name: "first" }).hover();
  await scene.enqueue({ id: "third", command: "true" });
  const more = page.getByRole("button", { name: "1 newer job: show" });
  await more.waitFor();
  deepStrictEqual(await idsOf(page), ["second", "first"]);
  // The button does not go away from under the pointer that is on its way to it.
  await more.hover();
  await page.waitForTimeout(300);
  await more.click();
  await shows(page, "third", "second", "first");
  await page.mouse.move(0, 0);

  // What is chosen holds the list too.
  await page.getByRole("checkbox", { name: "Choose job first" }).click();
  await page.mouse.move(0, 0);
  await scene.enqueue({ id: "fourth", command: "true" });
  await more.click();
  await shows(page, "fourth", "third", "second", "first");
}, { stores: BOTH_STORES });

browse(
  "Jobs: pages, and a question that names the number before many change",
  async (scene) => {
    const specs = Array.from({ length: 230 }, (_, at) => ({
      id: `job-${String(at).padStart(3, "0")}`,
      command: "true",
      queue: at < 3 ? "few" : "many",
    }));
    await scene.enqueue(...specs);
    const newest = specs.map(({ id }) => id).reverse();
    const page = await scene.open("/jobs");
    await shows(page, ...newest.slice(0, 100));
    await page.getByRole("link", { name: "Next" }).click();
    await shows(page, ...newest.slice(100, 200));
    await page.getByText("101–200 of 230").waitFor();
    await page.getByRole("link", { name: "Next" }).click();
    await shows(page, ...newest.slice(200));
    await page.goBack();
    await shows(page, ...newest.slice(100, 200));
    await page.reload();
    await shows(page, ...newest.slice(100, 200));
    await page.getByRole("link", { name: "First" }).click();
    await shows(page, ...newest.slice(0, 100));

    const bar = page.getByRole("group", { name: "Chosen jobs" });
    await page.getByRole("checkbox", { name: "Choose job job-229" }).click();
    await page.getByRole("checkbox", { name: "Choose job job-227" }).click({
      modifiers: ["Shift"],
    });
    await bar.getByText("3 chosen").waitFor();
    await bar.getByRole("button", { name: "Cancel" }).click();
    const three = page.getByRole("dialog", { name: "Cancel 3 jobs?" });
    await three.getByRole("button", { name: "Yes, cancel 3 jobs" }).click();
    await page.getByText("Cancelled 3 jobs").waitFor();

    await page.getByLabel("Queue").selectOption("many");
    await page.getByText("1–100 of 227").waitFor();
    await bar.getByRole("checkbox", { name: "All on this page" }).click();
    await bar.getByRole("button", { name: "Choose all 227 that match" }).click();
    await bar.getByRole("button", { name: "Delete" }).click();
    const all = page.getByRole("dialog", { name: "Delete 227 jobs?" });
    match(await all.innerText(), /for good/);
    await page.keyboard.press("Escape");
    await all.waitFor({ state: "detached" });
    // The focus is where it was.
    await bar.getByRole("button", { name: "Delete" }).and(page.locator(":focus")).waitFor();
    strictEqual((await scene.api<{ total: number }>("GET", "/jobs")).total, 230);
    await bar.getByRole("button", { name: "Delete" }).click();
    await all.getByRole("button", { name: "Delete 227 jobs" }).click();
    await page.getByText("Deleted 227 jobs").waitFor();
    await page.getByText("No job matches").waitFor();
    strictEqual((await scene.api<{ total: number }>("GET", "/jobs")).total, 3);
  },
);
