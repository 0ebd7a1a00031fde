import { match, strictEqual } from "node:assert/strict";
import type { Page } from "playwright-core";
import { browse } from "./stage.ts";

/** Presses Tab until what has the focus is called this. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let at = 0; at < 60; at++) {
    await page.keyboard.press("Tab");
    if (await page.locator(selector).and(page.locator(":focus")).count() === 1) return;
  }
  throw new Error(`Tab never comes to ${selector}`);
}

browse("Keyboard: a job from its form to its end without a mouse", async (scene) => {
  const page = await scene.open();
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const arrived = async (title: string | RegExp) => {
    await page.getByRole("heading", { level: 1, name: title }).and(page.locator(":focus"))
      .waitFor();
  };
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await press("Tab");
  await page.getByRole("link", { name: "Skip to content" }).and(page.locator(":focus")).waitFor();
  await press("Enter");
  await arrived("Overview");

  for (
    const [key, title] of [
      ["q", "Queues"],
      ["w", "Workers"],
      ["s", "Schedules"],
      ["d", "Dead letter queue"],
      ["j", "Jobs"],
      ["o", "Overview"],
    ] as const
  ) {
    await press("g", key);
    await arrived(title);
    match(await page.title(), new RegExp(`^${title}`));
  }

  // A job from nothing to its end.
  await press("n");
  await page.locator("textarea[name=command]:focus").waitFor();
  await page.keyboard.type("echo hello from the keys: gq?");
  await tabTo(page, "summary");
  await press("Enter");
  await tabTo(page, "[name=id]");
  await page.keyboard.type("keyed");
  await press("Enter");
  await page.getByRole("heading", { name: "Job keyed pending" }).waitFor();

  await press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await help.getByText("Cancel the job").waitFor();
  await press("Escape");
  await help.waitFor({ state: "detached" });

  await press("e");
  const edit = page.getByRole("dialog", { name: "Edit the job" });
  await edit.waitFor();
  await tabTo(page, "dialog [name=priority]");
  await press("Control+a");
  await page.keyboard.type("5");
  await press("Enter");
  await edit.waitFor({ state: "detached" });
  await press("c");
  const question = page.getByRole("dialog", { name: "Cancel this job?" });
  // What changes nothing has the focus.
  await question.getByRole("button", { name: "No, keep it" }).and(page.locator(":focus"))
    .waitFor();
  await press("Tab", "Enter");
  await page.getByRole("heading", { name: "Job keyed cancelled" }).waitFor();
  await press("r");
  await page.getByRole("heading", { name: "Job keyed pending" }).waitFor();

  await press("/");
  await page.locator("input[type=search]:focus").waitFor();
  await page.keyboard.type("keyed");
  await page.waitForURL("**/jobs?text=keyed");
  await press("Escape");
  await tabTo(page, "td input[type=checkbox]");
  await press("Space");
  await page.getByText("1 chosen").waitFor();
  strictEqual(await page.locator("td input[type=checkbox]").isChecked(), true);
});
