import { match, strictEqual } from "node:assert/strict";
import { browse } from "./stage.ts";

browse(
  "Dlq: retries one job, or all with an error; purges the others",
  async (scene) => {
    const { stage } = scene;
    const dead = { max_retries: 0 };
    await scene.enqueue(
      ...[1, 2, 3].map((at) => ({
        id: `three-${at}`,
        command: "test -e mended || exit 3",
        ...dead,
      })),
      ...[1, 2].map((at) => ({ id: `four-${at}`, command: "exit 4", ...dead })),
    );
    await stage.end(await stage.worker(["--drain"]));
    const page = await scene.open("/dlq");
    const group = (text: string) => page.getByRole("listitem").filter({ hasText: text });
    const three = group("exit code 3");
    await three.getByText("3 jobs, the last one").waitFor();
    await group("exit code 4").getByText("2 jobs, the last one").waitFor();

    await three.getByText("Jobs", { exact: true }).click();
    await three.getByRole("button", { name: "Retry job three-2" }).click();
    await page.mouse.move(0, 0);
    await three.getByText("2 jobs, the last one").waitFor();
    strictEqual((await stage.job("three-2")).state, "pending");

    await Deno.writeTextFile(stage.join("mended"), "");
    await three.getByRole("button", { name: "Retry 2", exact: true }).click();
    await page.getByRole("dialog", { name: "Retry 2 jobs?" })
      .getByRole("button", { name: "Retry 2 jobs" }).click();
    await page.getByText("Retried 2 jobs").waitFor();
    await page.mouse.move(0, 0);
    await three.waitFor({ state: "detached" });
    await stage.end(await stage.worker(["--drain"]));
    for (const id of ["three-1", "three-2", "three-3"]) {
      strictEqual((await stage.job(id)).state, "completed");
    }

    await page.getByRole("button", { name: "Purge…" }).click();
    const dialog = page.getByRole("dialog", { name: "Purge dead jobs?" });
    match(await dialog.innerText(), /All 2/);
    await dialog.getByRole("button", { name: "Purge 2 jobs" }).click();
    await page.getByText("No job is dead").waitFor();
    strictEqual((await scene.api<{ total: number }>("GET", "/jobs")).total, 3);
  },
);
