import assert from "node:assert/strict";
import fc from "fast-check";
import { StoreError } from "../../../src/errors.ts";
import { parseAddress, shownAddress } from "../../../src/store/postgres/address.ts";

/** An environment in which nothing is set. */
const NOTHING = () => undefined;

Deno.test("parseAddress() reads every part of a URL", () => {
  const address = parseAddress(
    "postgresql://us%40er:p%3Aw@db.example:6432/jo%20bs?schema=my_jobs&sslmode=verify-full" +
      "&sslrootcert=/ca.pem&sslcert=/me.pem&sslkey=/me.key&application_name=app&connect_timeout=1",
    NOTHING,
  );
  const { url, location, ...rest } = address;
  assert.deepEqual(rest, {
    ...{ host: "db.example", port: 6432, database: "jo bs", user: "us@er", password: "p:w" },
    ...{ passwordProblem: null, schema: "my_jobs", applicationName: "app", connectTimeout: 2000 },
    encryption: {
      ...{
        mode: "verify-full",
        rootCertificate: "/ca.pem",
        certificate: "/me.pem",
        key: "/me.key",
      },
    },
  });
  assert.equal(location, "postgres://us%40er@db.example:6432/jo%20bs?schema=my_jobs");
  assert.deepEqual(parseAddress(url, NOTHING), address);
});

Deno.test("parseAddress() takes what is missing from the environment, as libpq does", () => {
  const env: Record<string, string> = {
    ...{ PGHOST: "db", PGPORT: "1234", PGUSER: "u", PGPASSWORD: "w", PGDATABASE: "d" },
    ...{ PGSSLMODE: "require", PGSSLROOTCERT: "/ca", PGAPPNAME: "a", PGCONNECT_TIMEOUT: "0" },
  };
  const address = parseAddress("postgres://", (name) => env[name]);
  assert.equal(address.location, "postgres://u@db:1234/d");
  assert.equal(address.password, "w");
  assert.deepEqual(address.encryption, {
    ...{ mode: "require", rootCertificate: "/ca", certificate: null, key: null },
  });
  assert.equal(address.connectTimeout, null);
  const { passwordProblem: _, ...same } = parseAddress(address.url, NOTHING);
  assert.equal(same.url, address.url);
  // The URL comes first.
  const own = parseAddress("postgres://me:my@here:5/other?sslmode=disable", (name) => env[name]);
  assert.deepEqual(
    [own.location, own.password, own.encryption.mode],
    ["postgres://me@here:5/other", "my", "disable"],
  );
});

Deno.test("parseAddress() has defaults for all but the user", () => {
  const address = parseAddress("postgres:///", (name) => name === "USER" ? "me" : undefined);
  assert.equal(address.location, "postgres://me@localhost:5432/me");
  assert.deepEqual([address.schema, address.encryption.mode], ["queuectl", "prefer"]);
  refused("postgres://host/db", /names no user, as in/);
});

Deno.test("parseAddress() understands sockets and addresses of IPv6", () => {
  const socket = parseAddress("postgres://u@/d?host=/run/postgresql&port=5433", NOTHING);
  assert.deepEqual([socket.host, socket.port], ["/run/postgresql", 5433]);
  assert.equal(socket.location, "postgres://u@/d?host=/run/postgresql&port=5433");
  assert.deepEqual(
    parseAddress("postgres://u@%2Frun%2Fpostgresql/d", NOTHING).host,
    "/run/postgresql",
  );
  const six = parseAddress("postgres://u@[::1]:6/d", NOTHING);
  assert.deepEqual([six.host, six.port, six.location], ["::1", 6, "postgres://u@[::1]:6/d"]);
});

Deno.test("parseAddress() lets options be that change nothing", () => {
  const url = "postgres://u@h/d?channel_binding=prefer&target_session_attrs=read-write";
  assert.equal(parseAddress(url, NOTHING).location, "postgres://u@h:5432/d");
});

Deno.test("parseAddress() takes passwords that should have been encoded", () => {
  assert.equal(parseAddress("postgres://u:a@b#c:d@host/d", NOTHING).password, "a@b#c:d");
});

Deno.test("parseAddress() says what is wrong with a URL, and never the password", () => {
  refused("postgres://u:secret@h/d?scheme=x", /unknown option "scheme", did you mean "schema"\?$/);
  refused(
    "postgres://u:secret@h/d?sslmode=requires",
    /did you mean "require"\?: it is one of disable/,
  );
  refused("postgres://u:secret@a,b/d", /several hosts/);
  refused("postgres://u:secret@a:1,b:2/d", /several hosts/);
  refused("postgres://u:secret@h:0/d", /wrong port: it is a whole number from 1 to 65535$/);
  refused("postgres://u:secret@h:99999/d", /wrong port/);
  refused("postgres://u:sec/ret@h/d", /a password with a \/ in it/);
  refused("postgres://u:sec%ret@h/d", /write %25 for it$/);
  refused("postgres://u:sec?ret=secret@h/d", /a password with a \? in it/);
  refused("postgres://u:secret/d", /wrong port, or no host/);
  refused("postgres://u@h/d?secret!", /an option that cannot be read/);
  refused("postgres://u:secret@h/d%00", /does not stand for a character/);
  refused("postgres://u:secret@h/d?schema=1a", /names a schema "1a"/);
  refused("postgres://u:secret@h/d?schema=pg_jobs", /names a schema "pg_jobs"/);
  refused("postgres://u:secret@h/d?sslrootcert=ca.pem", /a relative path as sslrootcert/);
  refused("postgres://u:secret@h/d?sslcert=/c", /both sslcert and sslkey/);
  refused("postgres://u:secret@h/d?connect_timeout=x", /wrong connect_timeout/);
  refused(
    "postgres://u:secret@h/d?channel_binding=require",
    /a channel_binding that queuectl cannot/,
  );
  refused("mysql://u:secret@h/d", /does not begin with postgres:\/\/$/);
});

Deno.test("shownAddress() shows no secret of any URL, and throws for none", () => {
  assert.equal(
    shownAddress("postgres://u:secret@h/d?sslmode=require&schema=s&password=secret"),
    "postgres://u@h/d?schema=s",
  );
  for (const wrong of ["u:sec/ret@h/d", "u:secret/d", "u:secret?schema=s@h/d"]) {
    assert.equal(shownAddress(`postgres://${wrong}`), "postgres://…");
  }
  const text = fc.string({ unit: fc.constantFrom(..."ab:/@?#&=%[],") });
  fc.assert(fc.property(text, text, (before, after) => {
    const secret = "SECRET";
    for (const url of [`postgres://u:${secret}@${after}`, `postgres://u:${before}${secret}@h/d`]) {
      // A name of an option is nobody's password.
      const named = url.includes("?") && url.indexOf("?") < url.indexOf(secret);
      if (!named) assert.ok(!shownAddress(url).includes(secret), url);
    }
  }));
});

Deno.test("parseAddress() gives a URL that means the same", () => {
  const part = fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).filter((text) =>
    !/\0|[\ud800-\udfff]/u.test(text)
  );
  fc.assert(fc.property(part, part, part, (user, password, database) => {
    const parts = [user, password, database].map(encodeURIComponent);
    const address = parseAddress(`postgres://${parts[0]}:${parts[1]}@h/${parts[2]}`, NOTHING);
    assert.deepEqual([address.user, address.password, address.database], [
      user,
      password,
      database,
    ]);
    assert.deepEqual(parseAddress(address.url, NOTHING), address);
  }));
});

function refused(url: string, message: RegExp): void {
  assert.throws(() => parseAddress(url, NOTHING), (error) => {
    assert.ok(error instanceof StoreError);
    assert.match(error.message, message);
    assert.ok(!/secret|ret@/.test(error.message), error.message);
    return true;
  });
}
