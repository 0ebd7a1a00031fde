import assert from "node:assert/strict";
import { findPassword, type Login, passwordIn } from "../../../src/store/postgres/password_file.ts";
import { tempDir } from "../../helpers/temp_dir.ts";

const LOGIN: Login = { host: "db.example", port: 5432, database: "jobs", user: "me" };

Deno.test("passwordIn() takes the first line that fits", () => {
  const file = [
    "# db.example:5432:jobs:me:comment",
    "db.example:5433:jobs:me:other port",
    "db.example:5432:jobs:you:other user",
    "db.example:*:*:me:a\\:b\\\\c",
    "*:*:*:*:last",
  ].join("\n");
  assert.equal(passwordIn(file, LOGIN), "a:b\\c");
  assert.equal(passwordIn(file, { ...LOGIN, user: "who" }), "last");
  assert.equal(passwordIn("x:1:2", LOGIN), null);
  assert.equal(passwordIn("*:*:*:*:crlf\r\n", LOGIN), "crlf");
  assert.equal(passwordIn("localhost:*:*:*:s", { ...LOGIN, host: "/run/postgresql" }), "s");
});

Deno.test("findPassword() reads ~/.pgpass if nobody else may, and else says why it did not", async () => {
  await using home = await tempDir();
  const look = () => findPassword(LOGIN, { file: null, home: home.path });
  const file = home.join(".pgpass");
  assert.deepEqual(look(), { password: null, file: null, problem: null });
  await Deno.writeTextFile(file, "*:*:*:*:pass", { mode: 0o600 });
  assert.deepEqual(look(), { password: "pass", file, problem: null });
  await Deno.chmod(file, 0o640);
  assert.deepEqual(look(), {
    ...{ password: null, file: null },
    problem: `the password file ${file} may be read by others, so it was left alone: chmod 600`,
  });
  const other = home.join("missing");
  assert.equal(
    findPassword(LOGIN, { file: other, home: home.path }).problem,
    `the password file ${other} cannot be read`,
  );
});
