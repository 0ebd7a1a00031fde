import type { Page } from "playwright-core";
import { browse } from "./stage.ts";

/** Lets the page believe that another tab is in front of it, or none. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      get: () => "${hidden ? "hidden" : "visible"}",
    });
    document.dispatchEvent(new Event("visibilitychange"));
  `);
}

browse("Live: hidden tabs give their connections back, and are fresh when shown", async (scene) => {
  // A browser has six connections to a server, and each live tab holds one of them for good.
  const pages: Page[] = [];
  for (let tab = 1; tab <= 8; tab++) {
    const page = await scene.open("/jobs");
    pages.push(page);
    if (tab < 8) await setHidden(page, true);
  }
  await pages[7]!.getByText("There are no jobs yet").waitFor();
  await pages[0]!.getByText("Asleep").waitFor();
  await scene.enqueue({ id: "new", command: "true" });
  await pages[7]!.getByRole("link", { name: "new" }).waitFor();
  await setHidden(pages[0]!, false);
  await pages[0]!.getByRole("link", { name: "new" }).waitFor();
});
