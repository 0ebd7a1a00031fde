import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { browse } from "./stage.ts";

const TOKEN = "a-secret-that-nobody-guesses";

browse("Login: lets in who has the token, until they log out", async (scene) => {
  scene.expect(/status of 401/);
  const page = await scene.open("/queues");
  const field = page.getByLabel("Token");
  await page.locator("input[type=password]:focus").waitFor();
  await field.fill("wrong");
  await field.press("Enter");
  await page.locator(".field-error").waitFor();
  strictEqual(await page.getByRole("heading", { name: "Queues" }).count(), 0);
  await field.fill(TOKEN);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Queues" }).waitFor();
  await page.getByText("No queues yet").waitFor();

  // The token itself is kept nowhere, and the page's scripts cannot read the session.
  const [cookie, ...more] = await page.context().cookies();
  deepStrictEqual(more, []);
  deepStrictEqual([cookie?.httpOnly, cookie?.sameSite], [true, "Strict"]);
  const kept = JSON.stringify([
    cookie,
    await page.evaluate("({...localStorage, ...sessionStorage})"),
  ]);
  strictEqual(kept.includes(TOKEN), false);
  strictEqual(await page.evaluate("document.cookie"), "");

  // Another page of the same browser is in at once; a stranger is not.
  const other = await scene.open("/workers");
  await other.getByText("No worker is running").waitFor();
  const stranger = await scene.open("/workers", {});
  await stranger.getByLabel("Token").waitFor();

  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Token").waitFor();
  await other.reload();
  await other.getByLabel("Token").waitFor();
}, { env: { QUEUECTL_DASHBOARD_TOKEN: TOKEN } });

browse(
  "--read-only: all is shown, and no button changes anything",
  async (scene) => {
    const { stage } = scene;
    const ids = await stage.enqueue("exit 3", "--max-retries", "0");
    await stage.ok("schedule", "add", "nightly", "--cron", "0 3 * * *", "--", "true");
    const worker = await stage.worker();
    await stage.until(ids, "dead");
    const page = await scene.open();
    await page.getByText("Read-only").waitFor();
    const allowed =
      /^(Copy|Menu|Theme|Keyboard|Show|Hide|Clear|Both|stdout|stderr|Times|Wrap|Close|Table)/;
    for (
      const [path, sign] of [
        ["/", "Busy slots"],
        ["/jobs", "exit 3"],
        [`/jobs/${ids}`, "Attempt 1"],
        ["/jobs/later", "Why it is not running"],
        ["/dlq", "1 job"],
        ["/queues", "default"],
        ["/workers", "0 of 1 busy"],
        ["/schedules", "Next firings"],
        ["/enqueue", "This dashboard is read-only"],
      ] as const
    ) {
      await page.goto(scene.url + path);
      await page.locator("main").getByText(sign).first().waitFor();
      const names = await page.getByRole("button").evaluateAll((buttons) =>
        buttons.map((button) => button.getAttribute("aria-label") ?? button.textContent ?? "")
      );
      deepStrictEqual(names.filter((name) => !allowed.test(name.trim())), [], path);
      strictEqual(await page.getByRole("link", { name: /enqueue/i }).count(), 0, path);
    }
    await stage.end((worker.kill("SIGINT"), worker));
  },
  {
    args: ["--read-only"],
    prepare: (stage) => stage.enqueue("true", "--delay", "1h", "--id", "later"),
  },
);
