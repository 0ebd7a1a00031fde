import { strictEqual, throws } from "node:assert/strict";
import { resolveLocation } from "../../src/cli/location.ts";
import { UsageError } from "../../src/errors.ts";

function locate(flag: string | undefined, env: Record<string, string>, cwd = "/srv"): string {
  return resolveLocation({ flag, env: (name) => env[name], cwd: () => cwd });
}

Deno.test("resolveLocation() prefers --db, then QUEUECTL_DB, then the data directory", () => {
  const env = { QUEUECTL_DB: "/env.db", XDG_DATA_HOME: "/data", HOME: "/home/ada" };
  strictEqual(locate("/flag.db", env), "/flag.db");
  strictEqual(locate(undefined, env), "/env.db");
  strictEqual(locate(undefined, { ...env, QUEUECTL_DB: "" }), "/data/queuectl/queue.db");
  strictEqual(locate(undefined, { HOME: "/home/ada" }), "/home/ada/.local/share/queuectl/queue.db");
  strictEqual(locate(undefined, { HOME: "/" }), "/.local/share/queuectl/queue.db");
});

Deno.test("resolveLocation() ignores a relative XDG_DATA_HOME, as its specification says", () => {
  const env = { XDG_DATA_HOME: "data", HOME: "/home/ada" };
  strictEqual(locate(undefined, env), "/home/ada/.local/share/queuectl/queue.db");
});

Deno.test("resolveLocation() makes paths absolute and leaves ~ and .. alone", () => {
  strictEqual(locate("q.db", {}), "/srv/q.db");
  strictEqual(locate("././q.db", {}), "/srv/q.db");
  strictEqual(locate("../q.db", {}), "/srv/../q.db");
  strictEqual(locate("~/q.db", {}), "/srv/~/q.db");
  strictEqual(locate("q.db", {}, "/"), "/q.db");
  strictEqual(locate("-x", {}), "/srv/-x");
  strictEqual(locate("postgres/q.db", {}), "/srv/postgres/q.db");
});

Deno.test("resolveLocation() leaves a URL as it is", () => {
  strictEqual(locate("postgres://u:p@h/db", {}), "postgres://u:p@h/db");
  strictEqual(locate(undefined, { QUEUECTL_DB: "postgresql:///db" }), "postgresql:///db");
});

Deno.test("resolveLocation() takes a mistyped URL for no path, and does not show it", () => {
  const all = [
    ...["postgres:/u:secret@h/db", "postgresql:u:secret@h/db", "postgres//u:secret@h/db"],
    ...['"postgres://u:secret@h/db"', " postgres://u:secret@h/db", "Postgres;//u:secret@h/db"],
    ...["jdbc:postgresql://u:secret@h/db", "QUEUECTL_DB=postgres://u:secret@h/db"],
    ...["host=h password=secret dbname=db", "user = u password = secret"],
  ];
  for (const wrong of all) {
    throws(
      () => locate(wrong, {}),
      (error) =>
        error instanceof UsageError && /begins with postgres:/.test(error.message) &&
        !error.message.includes("secret"),
    );
  }
});

Deno.test("resolveLocation() says what to set where nothing is", () => {
  for (const env of [{}, { HOME: "" }, { HOME: "relative" }]) {
    throws(
      () => locate(undefined, env),
      (error) =>
        error instanceof UsageError && /set HOME or QUEUECTL_DB, or give --db/.test(error.message),
    );
  }
  throws(() => locate(undefined, {}), /because HOME is not set:/);
  throws(() => locate(undefined, { HOME: "a b" }), /because HOME is "a b", not an absolute path:/);
  throws(() => locate("", {}), UsageError);
});
