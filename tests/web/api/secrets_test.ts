import { strictEqual } from "node:assert/strict";
import { ROUTES } from "../../../src/web/api/routes.ts";
import { Contract } from "./contract.ts";

const SECRET = "s3cr3t-value";

Deno.test("no answer holds a value of a job's environment, or its standard input", async () => {
  await using api = await Contract.open();
  const job = { command: "true", env: { KEY: SECRET }, stdin: SECRET, max_retries: 0 };
  const texts: string[] = [];
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, body: answer } = await api.ask(method, path, body);
    texts.push(`${method} ${path} ${status}: ${JSON.stringify(answer)}`);
  };
  await ask("POST", "/jobs", { ...job, id: "a" });
  await ask("POST", "/jobs", [{ ...job, id: "b" }]);
  await ask("PUT", "/jobs/c", job);
  await ask("PUT", "/jobs/c", { ...job, command: "false" });
  await ask("PUT", "/schedules/s", { cron: "@daily", job });
  await ask("POST", "/schedules/s/run");
  for (const { method, path } of ROUTES) {
    if (method !== "GET") continue;
    await ask("GET", path.replace("/api", "").replace("{id}", "a"));
  }
  // What is refused may be shown only as far as it says nothing.
  await ask("POST", "/jobs", { ...job, env: { KEY: `${SECRET}\0` } });
  await ask("POST", "/jobs", { ...job, env: { "K-Y": SECRET } });
  await ask("POST", "/jobs", `{"command":"x","env":{"KEY":"${SECRET}"`);
  await ask("POST", "/jobs", `{"command":"x","env":{"KEY":"${SECRET}",}}`);
  await ask("PUT", "/jobs/d", `{"command":"x","env":{"KEY":"${SECRET}" "B":1}}`);
  await ask("PUT", "/schedules/t", { cron: "@daily", job: { ...job, env: { KEY: [SECRET] } } });
  await ask("PUT", "/schedules/t", `{"cron":"@daily","job":{"env":{"K":"${SECRET}" }`);
  for (const text of texts) strictEqual(text.includes(SECRET), false, text);
});
