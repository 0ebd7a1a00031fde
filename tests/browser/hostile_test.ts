import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { browse } from "./stage.ts";

/** What would do something if it were taken for HTML. */
const HTML = `<script>alert(1)</script><img src=x onerror="alert(2)">"><svg/onload=alert(3)>`;

/** What a terminal would obey, and what turns the order of a line around. */
const SIGNS = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202eesrever\u2066\u200b";

/** Output that a terminal would obey. */
const PRINTS = [
  String.raw`printf '\033[31mred\033[0m plain\n'`,
  String.raw`printf '\033]0;owned\007\033]8;;javascript:alert(4)\007link\033]8;;\007\n'`,
  String.raw`printf '\033[2J\033[H\033c\033P1$r\033\\\000\202\377after\n'`,
  String.raw`printf '\342\200\256esrever\n'`,
  `printf '%s\\n' '${HTML}' >&2`,
].join("; ");

/** Whatever of the hostile text has become more than text. */
const HARM = `
  const found = document.querySelectorAll("body script, body img, body iframe, body [onerror], " +
    "body [onload], body svg:not(.mark):not([class*=chart])");
  const links = [...document.links].filter(({ protocol }) => protocol !== "http:");
  [...found, ...links].map((element) => element.outerHTML);
`;

browse("UserText: what jobs are called and write is text, and does nothing", async (scene) => {
  const { stage } = scene;
  const hostile = HTML + SIGNS;
  const cwd = stage.join(hostile.replaceAll("/", "|"));
  await Deno.mkdir(cwd);
  const tags = [hostile.replace(/[\s,]/g, "_"), "x".repeat(128)];
  await scene.enqueue({
    id: "hostile",
    command: `${PRINTS}; exit 7 # ${hostile} ${"y".repeat(3000)}`,
    tags,
    cwd,
    unique_key: hostile,
    max_retries: 0,
  });
  await stage.ok("schedule", "add", "s", "--cron", "0 3 * * *", "--", "echo", hostile);
  await stage.end(await stage.worker(["--drain"]));

  const page = await scene.open();
  const views = ["/jobs", "/jobs/hostile", "/dlq", "/schedules", "/enqueue?again=hostile"];
  for (const path of [...views, `/jobs?text=${encodeURIComponent(HTML)}`]) {
    await page.goto(scene.url + path);
    if (path === "/dlq") await page.getByText("Jobs", { exact: true }).last().click();
    const alert = path.startsWith("/enqueue")
      ? page.locator("textarea[name=command]")
      : page.locator("main").getByText("<script>alert(1)</script>").first();
    await alert.waitFor();
    if (path === "/jobs/hostile") {
      const output = page.getByRole("region", { name: "Output", exact: true });
      await output.locator(".line.stderr").getByText(HTML).waitFor();
      // Not innerText: a block that has not been in sight is not laid out, and has none.
      const lines = await output.locator(".line-text").allTextContents();
      strictEqual(lines[0], "red plain");
      strictEqual(lines[1], "link");
      match(lines[2] ?? "", /after$/);
      const red = output.getByText("red", { exact: true });
      match(await red.getAttribute("class") ?? "", /red|color|fg/);
    }
    deepStrictEqual(await page.evaluate(HARM), [], path);
    match(await page.title(), / · queuectl$/);
    // What is in a field may be anything; what is shown has nothing that is not seen.
    const shown = await page.locator("body").innerText();
    strictEqual(
      // deno-lint-ignore no-control-regex -- these are what is looked for
      /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]/.exec(shown),
      null,
      path,
    );
    const width = "document.documentElement.scrollWidth - innerWidth";
    strictEqual(await page.evaluate<number>(width) <= 0, true, `${path} is too wide`);
  }
});
