import { strictEqual } from "node:assert/strict";
import { browse, startDashboard } from "./stage.ts";

browse(
  "Banner: says that the server is away; the page recovers by itself",
  async (scene) => {
    scene.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/);
    const { stage } = scene;
    await scene.enqueue({ id: "a", command: "true" });
    const page = await scene.open("/jobs");
    await page.getByRole("link", { name: "a", exact: true }).waitFor();
    scene.dashboard.kill("SIGKILL");
    const banner = page.getByText("The dashboard's server does not answer.");
    await banner.waitFor();
    strictEqual(await page.getByRole("link", { name: "a", exact: true }).count(), 1);
    await stage.enqueue("true", "--id", "b");
    await startDashboard(stage, { args: ["--port", new URL(scene.url).port] });
    await banner.waitFor({ state: "detached" });
    await page.getByRole("link", { name: "b", exact: true }).waitFor();
  },
);

browse("Banner: says that the store is away; the page recovers by itself", async (scene) => {
  scene.expect(/status of 503/);
  const { stage } = scene;
  await scene.enqueue({ id: "a", command: "true" });
  const page = await scene.open("/jobs");
  await page.getByRole("link", { name: "a", exact: true }).waitFor();
  const folder = stage.store.replace(/\/[^/]+$/, "");
  await Deno.rename(folder, `${folder}.away`);
  const banner = page.getByText("The store cannot be used.");
  await banner.waitFor();
  await Deno.rename(`${folder}.away`, folder);
  await banner.waitFor({ state: "detached" });
  await stage.enqueue("true", "--id", "b");
  await page.getByRole("link", { name: "b", exact: true }).waitFor();
});
