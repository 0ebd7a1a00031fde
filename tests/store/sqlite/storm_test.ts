import assert from "node:assert/strict";
import { STORMS } from "../../soak/storm/storms.ts";
import { weather } from "../../soak/storm/weather.ts";
import { Scene } from "../scene.ts";
import { sqliteStorage } from "../sqlite_storage.ts";

for (const [name, storm] of Object.entries(STORMS)) {
  Deno.test(`tick() moves a storm of 10,000 jobs in portions, and goes on claiming: ${name}`, async () => {
    await using scene = await Scene.set(sqliteStorage, { isShortLived: true });
    const { ticks, mostMoved, idleTicks } = await weather(scene, storm, 10_000);
    assert.ok(mostMoved <= 1010, `${mostMoved} jobs in one tick`);
    // The parent's own tick has told the first thousand.
    assert.ok(ticks === 9 || ticks === 10, `${ticks} ticks`);
    assert.equal(idleTicks, 0);
  });
}
