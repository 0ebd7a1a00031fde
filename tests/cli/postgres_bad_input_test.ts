/** A store in PostgreSQL that cannot be used: one sentence that says what to do, no password, nothing changed. */

import assert from "node:assert/strict";
import { tempDir } from "../helpers/temp_dir.ts";
import { PostgresServer } from "../toolchain/postgres.ts";
import { PostgresSession } from "../toolchain/postgres_session.ts";
import { queuectl } from "./any_store.ts";

/** In it is what is special in a URL, in SQL and in a terminal. */
const PASSWORD = "a%/é$'\"s3cr3t\x1b";
/** A piece of it that looks the same in every form. */
const SECRET = "s3cr3t";

/** Every command that opens the store. */
const COMMANDS: readonly (readonly string[])[] = [
  ...[["list"], ["list", "--json"], ["status"], ["status", "--json"], ["metrics"], ["export"]],
  ...[["show", "job1"], ["logs", "job1"], ["logs", "-f", "job1"], ["explain", "job1", "--json"]],
  ...[["cancel", "job1", "--json"], ["retry", "job1"], ["release", "job1"], ["delete", "job1"]],
  ...[["edit", "job1", "--priority", "1"], ["prune", "--state", "completed"], ["dlq"]],
  ...[["dlq", "retry", "--all"], ["dlq", "purge", "--all"], ["dlq", "show", "job1"], ["queue"]],
  ...[["queue", "pause", "default"], ["schedule"]],
  ...[["schedule", "next", "s"], ["schedule", "pause", "s"], ["schedule", "remove", "s"]],
  ...[["config"], ["config", "get", "lease"], ["config", "unset", "lease"], ["worker", "list"]],
  ...[["worker", "stop"], ["worker", "scale", "2"], ["dashboard", "--port", "0", "--read-only"]],
];

/** Those of them that make a store where there is none. */
const MAKERS: readonly (readonly string[])[] = [
  ...[["enqueue", "--", "true"], ["enqueue", "--json", '{"command":"true"}'], ["import", "-"]],
  ...[["queue", "set", "default", "--limit", "1"], ["config", "set", "lease", "9s"]],
  ...[["worker", "start", "--drain"], ["run", "--", "true"]],
  ...[["schedule", "add", "s", "--cron", "@daily", "--", "true"], ["dashboard", "--port", "0"]],
];

/** A store that cannot be used, and what is said of it. */
interface Case {
  readonly url: string;
  readonly says: RegExp;
  /** Only by what would make it. */
  readonly isForMakers?: boolean;
}

Deno.test("every command says in one sentence why a store in PostgreSQL cannot be used", async (t) => {
  await using home = await tempDir();
  await using server = await PostgresServer.run();
  await using admin = await PostgresSession.open(server.adminUrl, "public");
  const at = (user: string, rest = "/queuectl", port = server.port) =>
    `postgres://${user}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}${rest}`;
  await admin.script(
    ["stranger", "guest", "locked"].map((role) =>
      `CREATE ROLE ${role} ${role === "locked" ? "" : "LOGIN"} PASSWORD '${
        PASSWORD.replace("'", "''")
      }';`
    ).join(""),
  );
  for (const schema of ["whole", "newer"]) {
    const db = `${server.url}?schema=${schema}`;
    const { code, stderr } = await queuectl(home.path, ["--db", db, "enqueue", "--", "true"]);
    assert.equal(code, 0, stderr);
  }
  await admin.script(`
    INSERT INTO newer.migration VALUES (999, 0);
    CREATE SCHEMA other; CREATE TABLE other.job (id INT); GRANT ALL ON SCHEMA other TO PUBLIC;
    CREATE SCHEMA anybodys; GRANT ALL ON SCHEMA anybodys TO PUBLIC;
    GRANT USAGE ON SCHEMA whole, newer TO guest`);
  const file = home.join("kept.db");
  await queuectl(home.path, ["--db", file, "enqueue", "--", "true"]);

  const cases: Readonly<Record<string, Case>> = {
    "a misspelt scheme": {
      url: at("u").replace("postgres", "postgrse"),
      says: /no stores of the kind postgrse:/,
    },
    "a scheme without its colon": {
      url: at("u").replace(":", ""),
      says: /begins with postgres:\/\/$/,
    },
    "a wrong port": { url: at("u", "/d", 65_536), says: /wrong port: it is a whole number from 1/ },
    "no host": { url: `postgres://u:${SECRET}/d`, says: /wrong port, or no host/ },
    "several hosts": { url: at("u").replace("127.0.0.1", "a,b"), says: /several hosts/ },
    "an unknown option": { url: at("u", "/d?shema=x"), says: /"shema", did you mean "schema"\?$/ },
    "an unknown sslmode": { url: at("u", "/d?sslmode=on"), says: /sslmode "on".*: it is one of/ },
    "SQL as a schema": { url: at("u", `/d?schema=x"%3Bdrop`), says: /take at most 48 letters/ },
    "an unknown host": {
      url: at("u").replace("127.0.0.1", "none.invalid"),
      says: /(no host none\.invalid|address of none\.invalid cannot be found).*check the name/,
    },
    "nobody listens": {
      url: at("u", "/d", 1),
      says: /^No server answers .* runs at 127\.0\.0\.1:1$/,
    },
    "a wrong password": { url: at("queuectl"), says: /not take the password of the user queuectl/ },
    "no password": { url: server.url.replace(/:\w+@/, "@"), says: /wants a password.*PGPASSWORD/ },
    "no such role": { url: at("nobody"), says: /not take the password of the user nobody/ },
    "a role that may not log in": { url: at("locked"), says: /not let the user locked in/ },
    "no such database": { url: at("guest", "/none"), says: /no database none .* with createdb/ },
    "no right to make a schema": {
      url: at("guest"),
      says: /by CREATE SCHEMA "queuectl" AUTHORIZATION "guest"$/,
      isForMakers: true,
    },
    "no right to the schema": {
      url: at("stranger", "/queuectl?schema=whole"),
      says: /schema whole\. Grant it/,
    },
    "no right to the tables": {
      url: at("guest", "/queuectl?schema=whole"),
      says: /for table \w+\. Grant it/,
    },
    "a schema of another program": {
      url: at("guest", "/queuectl?schema=other"),
      says: /\?schema=jobs$/,
    },
    "a schema that is open to all": {
      url: at("guest", "/queuectl?schema=anybodys"),
      says: /Everybody who can log in .*: name another schema/,
      isForMakers: true,
    },
    "a newer store": {
      url: `${server.url}?schema=newer`,
      says: /newer queuectl.*: update queuectl$/,
    },
    "a server without encryption": {
      url: at("guest", "/queuectl?sslmode=require"),
      says: /does not encrypt: turn/,
    },
    "no store": {
      url: `${server.url}?schema=none`,
      says: /^There is no store .*queuectl enqueue" makes/,
    },
  };

  const before = [await contents(admin), await Deno.readFile(file)];
  let [part, turn] = [0, 0];
  for (const [name, { url, says, isForMakers = false }] of Object.entries(cases)) {
    await t.step(name, async () => {
      const all = name === "no store"
        ? COMMANDS
        : isForMakers
        ? MAKERS
        : [...COMMANDS, ...MAKERS].filter((_, index) => index % 7 === part % 7);
      part++;
      const usage = name.includes("scheme") ? 2 : 5;
      for (
        const args of [...all, ["wait", "job1"], ["migrate", "--from", url, "--to", home.join("x")]]
      ) {
        const own = /^(?:run|wait)$/.test(args[0]!) ? 125 : usage;
        const level = turn++ % 2 === 0 ? "info" : "debug";
        const { code, stdout, stderr } = await queuectl(home.path, [
          ...["--db", url, "--log-level", level],
          ...args,
        ]);
        const shown = `${args.join(" ")}\n${stdout}${stderr}`;
        assert.ok(!stdout.includes(SECRET) && !stderr.includes(SECRET), shown);
        assert.deepEqual([code, stdout], [own, ""], shown);
        const [sentence = "", ...rest] = stderr.trimEnd().split("\n");
        assert.match(sentence, /^queuectl: \S/, shown);
        if (isForMakers && ["wait", "migrate"].includes(args[0]!)) continue;
        assert.match(sentence.slice("queuectl: ".length), says, shown);
        if (level === "debug") continue;
        assert.deepEqual(rest.filter((line) => !/^See "/.test(line)), [], shown);
      }
      for (const to of ["doctor", "migrate"]) {
        // What can be made is no fault of the address.
        if (to === "migrate" && name === "no store") continue;
        const args = to === "doctor"
          ? ["--db", url, "--json", "doctor"]
          : ["--json", "migrate", "--from", file, "--to", url];
        const { code, stdout, stderr } = await queuectl(home.path, args);
        assert.equal(code, usage, `${to}\n${stdout}${stderr}`);
        assert.ok(!`${stdout}${stderr}`.includes(SECRET), `${to}\n${stdout}${stderr}`);
      }
    });
  }
  assert.deepEqual([await contents(admin), await Deno.readFile(file)], before);

  await t.step("a schema that an administrator has made for the role will do", async () => {
    await admin.script("CREATE SCHEMA queuectl AUTHORIZATION guest");
    const enqueue = ["--db", at("guest"), "enqueue", "--id", "a", "--", "true"];
    const { code, stdout, stderr } = await queuectl(home.path, enqueue);
    assert.deepEqual([code, stdout, stderr], [0, "a\n", ""]);
  });

  await t.step("a schema whose name is no plain word will do", async () => {
    const db = `${server.url}?schema=Select-1`;
    const { code, stderr } = await queuectl(home.path, ["--db", db, "enqueue", "--", "true"]);
    assert.equal(code, 0, stderr);
    const { stdout } = await queuectl(home.path, ["--db", db, "--json", "doctor"]);
    const checks: { name: string; verdict: string; finding: string }[] = JSON.parse(stdout).checks;
    // The server of the tests writes nothing to the disk that it need not.
    const bad = checks.filter(({ name, verdict }) => verdict !== "ok" && name !== "durable");
    assert.deepEqual(bad.map(({ name }) => name), ["workers"]);
  });
});

/** All that is in the database but for what the server itself has there. */
async function contents(session: PostgresSession): Promise<unknown> {
  return await session.ask(
    `SELECT nspname, nspacl::text, relname, relacl::text, CASE WHEN relkind = 'r' THEN query_to_xml(format(
        'SELECT * FROM %s', pg_class.oid::regclass), true, true, '')::text END AS rows
      FROM pg_namespace LEFT JOIN pg_class ON relnamespace = pg_namespace.oid
      WHERE nspname !~ '^(pg_|information_schema)' ORDER BY 1, 3`,
  );
}
