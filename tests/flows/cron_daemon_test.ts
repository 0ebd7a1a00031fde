/** The crontab of the README under a real cron, with a spool and a mailer of its own. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { run } from "../toolchain/command.ts";
import { cronDaemon } from "../toolchain/cron_daemon.ts";
import { crontabOf, installForCron } from "./crontab.ts";
import { flow } from "./stage.ts";

/** The daemon; null, and a loud word, where it cannot be run: it needs root and its package. */
const DAEMON = await findDaemon();

async function findDaemon(): Promise<string | null> {
  try {
    await run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/var/spool"]);
    return await cronDaemon();
  } catch (error) {
    console.warn(`IGNORED, no cron can be run here: ${error instanceof Error && error.message}`);
    return null;
  }
}

/** Runs cron in a mount namespace of its own, so that nothing of it is seen or found outside. */
const PLAY = `
set -e
for private in /var/spool /etc/cron.d /run /usr/sbin; do
  test ! -d $private || mount -t tmpfs none $private
done
mkdir -p -m 1730 /var/spool/cron/crontabs
install -m 755 sendmail /usr/sbin/sendmail
install -m 600 crontab /var/spool/cron/crontabs/root
exec "$0" -f
`;

flow("cron: a real one enqueues and runs by the README's crontab", async (stage) => {
  await installForCron(stage);
  await Deno.mkdir(stage.join("Documents"));
  await Deno.writeTextFile(stage.join("sendmail"), `#!/bin/sh\ncat >> ${stage.join("mail")}\n`);
  // At any time instead of at night.
  const crontab = crontabOf(stage).replace(/^[\d ]+\* \* \*( +queuectl enqueue)/m, "* * * * *$1");
  await Deno.writeTextFile(stage.join("crontab"), `HOME=${stage.home}\n${crontab}\n`);
  await stage.enqueue("exit 3", "--id", "hopeless", "--max-retries", "0");
  await Deno.writeTextFile(stage.join("play"), PLAY);
  const cron = await stage.shell(
    `exec unshare --mount /bin/sh -c "$(cat play)" ${DAEMON}`,
  );
  const jobs = () => stage.json<{ id: string }[]>("list");
  await waitFor(async () => (await jobs()).length > 1 && stage.read("mail").includes("is dead"), {
    // It looks at its crontab when a minute begins, and each minute more may come.
    timeout: 130_000,
    interval: 500,
    message: () => `a job and a mail: ${cron.stderr}\n${stage.read("mail")}`,
  });
  cron.kill("SIGTERM");
  await cron.ended();
  await stage.isEmpty();
  assert.match(
    stage.read("mail"),
    /^\n\S+ error +hopeless is dead: exit code 3\. To see it: queuectl dlq list$/m,
  );
  assert.equal(stage.read("mail").match(/^Subject:/gm)?.length, 1, stage.read("mail"));
  const [job] = await jobs();
  assert.notEqual(job?.id, "hopeless");
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job(job!.id)).state, "completed");
  assert.ok((await Deno.stat(stage.join("backup.tar.gz"))).isFile);
}, { vias: ["source"], ignore: DAEMON === null });
