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

Deno.test("listen() tries again where somebody in between refuses it", async () => {
  await using network = Proxy.before(await testServer());
  await using connections = await connect({ network });
  let refused = 0;
  network.edit = (bytes, direction) => {
    const at = new TextDecoder("latin1").decode(bytes).indexOf('LISTEN "');
    // What no server understands.
    if (direction === "there" && at >= 0 && refused++ === 0) bytes[at] = "X".charCodeAt(0);
    return bytes;
  };
  const heard: (string | null)[] = [];
  await using _listener = connections.listen("test", (payload) => heard.push(payload));
  await waitFor(() => heard.includes(null));
  assert.equal(refused, 2);
});
