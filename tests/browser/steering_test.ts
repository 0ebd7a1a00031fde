import { match, strictEqual } from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { browse } from "./stage.ts";

browse(
  "Queues: paused, resumed and limited; what is wrong stands beside its field",
  async (scene) => {
    scene.expect(/status of 400/);
    await scene.enqueue({ id: "a", command: "true", queue: "mail" });
    const page = await scene.open("/queues");
    const row = page.getByRole("row").filter({ hasText: "mail" });
    await page.getByRole("button", { name: "Pause queue mail" }).click();
    await row.getByText("paused").waitFor();
    await page.getByRole("button", { name: "Limits of queue mail" }).click();
    const dialog = page.getByRole("dialog", { name: "Limits of queue mail" });
    await dialog.getByLabel("Limit").fill("2");
    await dialog.getByLabel("Rate").fill("often");
    await dialog.getByRole("button", { name: "Set limits" }).click();
    await dialog.locator("input[aria-invalid=true]:focus").waitFor();
    match(await dialog.locator(".field-error").innerText(), /rate/i);
    await dialog.getByLabel("Rate").fill("10/1m");
    await dialog.getByLabel("Rate").press("Enter");
    await dialog.waitFor({ state: "detached" });
    await row.getByText("10/1m").waitFor();
    const queues = await scene.stage.json<{ limit: number; paused: boolean }[]>("queue", "list");
    strictEqual(`${queues[0]?.limit} ${queues[0]?.paused}`, "2 true");
    await page.getByRole("button", { name: "Resume queue mail" }).click();
    await row.getByText("active").waitFor();
  },
);

browse(
  "Workers: what each runs, more slots, its end; a killed one is lost",
  async (scene) => {
    const { stage } = scene;
    await stage.ok("config", "set", "lease", "5s");
    const page = await scene.open("/workers");
    await page.getByText("No worker is running").waitFor();
    const worker = await stage.worker();
    await page.getByText("0 of 1 busy").waitFor();
    await scene.enqueue({ id: "long", command: "until [ -e go ]; do sleep 0.05; done" });
    await page.getByText("1 of 1 busy").waitFor();
    await page.getByRole("link", { name: "long" }).waitFor();
    await page.getByRole("button", { name: "Slots of worker" }).click();
    await page.getByRole("textbox", { name: "Slots" }).fill("3");
    await page.getByRole("button", { name: "Set slots" }).click();
    await page.getByText("1 of 3 busy").waitFor();

    await page.getByRole("button", { name: "Drain worker" }).click();
    await page.getByRole("dialog", { name: "Drain this worker?" })
      .getByRole("button", { name: "Drain" }).click();
    await page.getByText("draining").waitFor();
    await Deno.writeTextFile(stage.join("go"), "");
    await stage.end(worker);
    await page.getByText("No worker is running").waitFor();

    const killed = await stage.worker();
    await page.getByText("0 of 1 busy").waitFor();
    killed.kill("SIGKILL");
    await page.getByText("lost", { exact: true }).waitFor();
    // Another one clears up behind it.
    await stage.end(await stage.worker(["--drain"]));
    await page.getByText("No worker is running").waitFor();
  },
);

browse(
  "Schedules: the next firings; run now, paused, resumed, removed",
  async (scene) => {
    const { stage } = scene;
    await stage.ok(
      "schedule",
      "add",
      "nightly",
      "--cron",
      "0 3 * * *",
      "--tz",
      "Asia/Tokyo",
      "--",
      "true",
    );
    const page = await scene.open("/schedules");
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    strictEqual(await page.locator(".firings li").count(), 5);
    match(await page.locator(".firings li").first().innerText(), /03:00:00/);
    await page.getByRole("button", { name: "Pause schedule nightly" }).click();
    await page.getByText("It does not fire while it is paused").waitFor();
    await page.getByRole("button", { name: "Resume schedule nightly" }).click();
    await page.getByRole("button", { name: "Run now: schedule nightly" }).click();
    await page.waitForURL("**/jobs/*");
    await page.goBack();
    await page.getByRole("button", { name: "Remove schedule nightly" }).click();
    await page.getByRole("button", { name: "Remove 1 schedule" }).click();
    await page.getByText("No schedules yet").waitFor();
    await waitFor(async () => (await scene.api<{ total: number }>("GET", "/jobs")).total === 1);
  },
);
