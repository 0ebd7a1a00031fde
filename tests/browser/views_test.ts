import axe from "axe-core";
import type { Page } from "playwright-core";
import { browse, type Look, type Scene } from "./stage.ts";

/** Each view, with what is there once it has all it shows. */
const VIEWS = [
  ["/", "95th percentile"],
  ["/jobs", "1–7 of 7"],
  ["/jobs/long", "Output of attempt"],
  ["/jobs/dead-1", "Attempt 1"],
  ["/jobs/later", "Why it is not running"],
  ["/jobs/later?edit=1", "Edit the job"],
  ["/dlq", "2 jobs"],
  ["/queues", "mail"],
  ["/workers", "1 of 2 busy"],
  ["/schedules", "Next firings"],
  ["/enqueue", "Shell text"],
  ["/nowhere", "There is no such page"],
  ["/jobs/nowhere", "nowhere"],
  ["/jobs?text=nothing-like-it", "No job matches"],
] as const;

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe has to say about the page, by these of its rules; by all if absent. */
async function findings(page: Page, rules?: readonly string[]): Promise<string[]> {
  const options = JSON.stringify(rules === undefined ? {} : { runOnly: rules });
  const violations = await page.evaluate<Finding[]>(
    `${axe.source}; axe.run(${options}).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`)
  );
}

/** Sees that every view is there for everyone, in this look. */
async function inspect(scene: Scene, look: Look, rules?: readonly string[]): Promise<void> {
  const page = await scene.open("/", look);
  for (const [path, sign] of VIEWS) {
    await page.goto(scene.url + path);
    await page.getByText(sign).first().waitFor();
    for (const finding of await findings(page, rules)) scene.complaints.push(`${path}: ${finding}`);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    const room = page.viewportSize()?.width ?? 0;
    if (width > room) scene.complaints.push(`${path} is ${width} px wide, the window ${room}`);
  }
}

browse(
  "Views: accessible in light and dark, and on a phone, whose window they fit",
  async (scene) => {
    const { stage } = scene;
    scene.expect(/status of 404/);
    await scene.enqueue(
      { id: "dead-1", command: "echo oh no >&2; exit 3", max_retries: 0, tags: ["night"] },
      { id: "dead-2", command: "exit 3", max_retries: 0 },
      { id: "done", command: "echo hello", queue: "mail" },
      { id: "later", command: "true", delay: "1h" },
      { id: "retried", command: "exit 5" },
      { id: "after", command: "true", after: ["later"] },
    );
    await stage.ok("schedule", "add", "nightly", "--cron", "0 3 * * *", "--", "./backup.sh");
    await stage.worker(["--count", "2"]);
    await stage.until("dead-2", "dead");
    await scene.enqueue({
      id: "long",
      command:
        String.raw`printf '\033[31mred\033[32mgreen\033[1;33myellow\033[0;34mblue\033[35mmagenta` +
        String.raw`\033[36mcyan\033[37mwhite\033[90mgrey\033[7minverse\033[0m\n'; exec sleep 60`,
    });
    await stage.until("long", "processing");
    const phone = {
      viewport: { width: 390, height: 800 },
      hasTouch: true,
      isMobile: true,
    } as const;
    await inspect(scene, { colorScheme: "light" });
    // Nothing but the colours is different.
    await inspect(scene, { colorScheme: "dark" }, ["color-contrast"]);
    await inspect(scene, { colorScheme: "light", ...phone });

    const page = await scene.open("/", { colorScheme: "light", ...phone });
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("link", { name: "Dead letters" }).waitFor();
    for (const finding of await findings(page)) scene.complaints.push(`the menu: ${finding}`);
    await page.getByRole("link", { name: "Workers" }).click();
    await page.getByText("1 of 2 busy").waitFor();
    // Who wants it dark all the same says so once.
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Theme: system. Change to light" }).click();
    await page.getByRole("button", { name: "Theme: light. Change to dark" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Menu" }).click();
    await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    for (const finding of await findings(page)) scene.complaints.push(`dark by choice: ${finding}`);
    await scene.api("POST", "/jobs/long/cancel");
  },
);
