import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { browse } from "./stage.ts";

browse(
  "Enqueue: a job from the form is watched live, and its output followed",
  async (scene) => {
    const { stage } = scene;
    await stage.worker();
    const page = await scene.open();
    await page.getByRole("link", { name: "Enqueue a job" }).click();

    // What is wrong stands beside its field, which has the focus; nothing that was typed is lost.
    const command = "echo one; echo two >&2; until [ -e go ]; do sleep 0.05; done; echo three";
    await page.getByLabel("Command").fill(command);
    const priority = page.getByLabel("Priority");
    await priority.fill("soon");
    await page.getByRole("button", { name: "Enqueue", exact: true }).click();
    await page.locator("[name=priority][aria-invalid=true]:focus").waitFor();
    match(await page.locator(".field-error").innerText(), /from -1000 to 1000/);
    strictEqual(await page.getByLabel("Command").inputValue(), command);

    await priority.fill("high");
    await page.getByLabel("Tags").fill("night mail");
    await page.getByText("More", { exact: true }).click();
    await page.getByLabel("Id", { exact: true }).fill("watched");
    await page.getByLabel("Id", { exact: true }).press("Enter");
    await page.getByRole("heading", { name: "Job watched processing" }).waitFor();
    strictEqual(new URL(page.url()).pathname, "/jobs/watched");
    const output = page.getByRole("region", { name: "Output", exact: true });
    await output.locator(".line.stdout", { hasText: "one" }).waitFor();
    await output.locator(".line.stderr", { hasText: "two" }).waitFor();
    await Deno.writeTextFile(stage.join("go"), "");
    await output.getByText("three").waitFor();
    await page.getByRole("heading", { name: "Job watched completed" }).waitFor();
    await page.getByRole("button", { name: "stderr" }).click();
    await output.getByText("three").waitFor({ state: "detached" });
    match(await output.innerText(), /two/);

    const job = await scene.api<Record<string, unknown>>("GET", "/jobs/watched");
    const { attempts, tags, priority: chosen } = job;
    deepStrictEqual({ attempts, tags, chosen }, {
      attempts: 1,
      tags: ["night", "mail"],
      chosen: 10,
    });
  },
);

browse(
  "Job: explained, edited, retried, cancelled, enqueued again, deleted",
  async (scene) => {
    const { stage } = scene;
    await scene.enqueue({ id: "broken", command: "exit 3", max_retries: 0, delay: "1h" });
    const page = await scene.open("/jobs/broken");
    const title = (state: string) => page.getByRole("heading", { name: `Job broken ${state}` });
    const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
    await title("scheduled").waitFor();
    await page.getByRole("heading", { name: "Why it is not running" }).waitFor();
    await page.locator(".cause").first().waitFor();

    // What others do shows at once, and takes nothing from who fills in a form.
    await press("Edit");
    const dialog = page.getByRole("dialog", { name: "Edit the job" });
    await dialog.getByLabel("Queue").fill("mail");
    await scene.api("PATCH", "/jobs/broken", { priority: 7 });
    await page.locator(".facts, dl").getByText("7", { exact: true }).first().waitFor();
    strictEqual(await dialog.getByLabel("Queue").inputValue(), "mail");
    await dialog.getByText("At once").click();
    await dialog.getByRole("button", { name: "Save" }).click();
    await title("pending").waitFor();
    const edited = await scene.api<Record<string, unknown>>("GET", "/jobs/broken");
    deepStrictEqual([edited.queue, edited.priority], ["mail", 7]);

    const worker = await stage.worker(["--drain"]);
    await title("dead").waitFor();
    await page.getByText("exit code 3").first().waitFor();
    await stage.end(worker);
    await press("Retry");
    await title("pending").waitFor();

    await press("Cancel");
    const question = page.getByRole("dialog", { name: "Cancel this job?" });
    await question.getByRole("button", { name: "No, keep it" }).click();
    await question.waitFor({ state: "detached" });
    await title("pending").waitFor();
    await press("Cancel");
    await question.getByRole("button", { name: "Yes, cancel it" }).click();
    await title("cancelled").waitFor();

    await page.getByRole("link", { name: "Enqueue again" }).click();
    await waitFor(async () => await page.getByLabel("Command").inputValue() === "exit 3");
    strictEqual(await page.getByLabel("Queue").inputValue(), "mail");

    await page.goBack();
    await title("cancelled").waitFor();
    await press("Delete");
    await page.getByRole("button", { name: "Delete 1 job" }).click();
    await page.getByRole("heading", { name: "Jobs", exact: true }).waitFor();
    strictEqual((await scene.api<{ total: number }>("GET", "/jobs")).total, 0);
  },
);
