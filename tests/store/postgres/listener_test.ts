import assert from "node:assert/strict";
import { Session } from "../../../src/store/postgres/session.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { testServer } from "../../toolchain/postgres.ts";
import { connect } from "./connecting.ts";

Deno.test("listen() connects anew where its connection ends in the moment in which it begins to listen", async () => {
  await using network = Proxy.before(await testServer());
  await using connections = await connect({ network });
  const { script } = Session.prototype;
  using stack = new DisposableStack();
  stack.defer(() => Session.prototype.script = script);
  let isCut = false;
  Session.prototype.script = async function (sql) {
    await script.call(this, sql);
    if (isCut || !sql.startsWith("LISTEN")) return;
    isCut = true;
    network.cut();
    await waitFor(() => !this.isIdle);
  };
  const channel = `test ${crypto.randomUUID()}`;
  const heard: (string | null)[] = [];
  await using _listener = connections.listen(channel, (payload) => heard.push(payload));
  await waitFor(() => isCut);
  assert.equal(heard.length, 0);
  // It may have missed something.
  await waitFor(() => heard.includes(null));
  await waitFor(async () =>
    await connections.use((connection) =>
      connection.query("SELECT pg_notify($1, 'ring')", [channel])
    ).catch(() => null)
  );
  await waitFor(() => heard.includes("ring"));
});
