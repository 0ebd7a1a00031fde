import { ok, strictEqual } from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { browse } from "./stage.ts";

browse("Output: what a job writes much of stays quick, and can be had whole", async (scene) => {
  const { stage } = scene;
  await stage.worker();
  await scene.enqueue({
    id: "chatty",
    command: "seq 30000; until [ -e go ]; do sleep 0.05; done; echo the end",
  });
  const page = await scene.open("/jobs/chatty");
  const output = page.getByRole("region", { name: "Output", exact: true });
  await output.getByText("30000", { exact: true }).waitFor();
  ok(await output.locator(".line").count() < 10_000, "the document holds too many lines");

  // Who scrolls up reads on where they are; who comes back to the end follows again.
  await output.hover();
  await page.mouse.wheel(0, -600);
  await page.getByRole("button", { name: "Follow" }).waitFor();
  await Deno.writeTextFile(stage.join("go"), "");
  await page.getByRole("heading", { name: "Job chatty completed" }).waitFor();
  const pane = `document.querySelector(".terminal")`;
  const below = `${pane}.scrollHeight - ${pane}.clientHeight - ${pane}.scrollTop`;
  ok(await page.evaluate<number>(below) > 300, "it was pulled to the end");
  const earlier = output.getByRole("button", { name: /^Show earlier/ });
  const before = await earlier.innerText();
  await earlier.click();
  await waitFor(async () => await earlier.innerText() !== before);

  const started = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const download = await started;
  const text = await Deno.readTextFile(await download.path());
  const numbers = Array.from({ length: 30_000 }, (_, at) => `${at + 1}\n`).join("");
  strictEqual(text, `${numbers}the end\n`);
});
