import assert from "node:assert/strict";
import { NotFoundError } from "../../../src/errors.ts";
import { newJob } from "../../job/jobs.ts";
import type { Register, Scene } from "../scene.ts";

/** Ids from parts of them. */
export function resolveTests(test: Register): void {
  const given = (scene: Scene, ...ids: string[]) =>
    scene.store.enqueue(ids.map((id) => newJob(id)));
  const refuses = (scene: Scene, part: string, message: RegExp) =>
    assert.rejects(
      scene.store.resolve(part),
      (error: Error) => error instanceof NotFoundError && message.test(error.message),
      part,
    );

  test("resolve: a whole id, however short", async (scene) => {
    await given(scene, "a", "ab", "job1");
    for (const id of ["a", "ab", "job1"]) assert.equal(await scene.store.resolve(id), id);
  });

  test("resolve: a whole id that is part of others too", async (scene) => {
    await given(scene, "nightly", "nightly-2", "not-nightly");
    assert.equal(await scene.store.resolve("nightly"), "nightly");
  });

  test("resolve: a unique beginning or ending of 4 characters or more", async (scene) => {
    await given(scene, "0199aaaa-1111", "0199bbbb-2222");
    assert.equal(await scene.store.resolve("0199a"), "0199aaaa-1111");
    assert.equal(await scene.store.resolve("2222"), "0199bbbb-2222");
    assert.equal(await scene.store.resolve("-1111"), "0199aaaa-1111");
  });

  test("resolve: not by a middle, nor by fewer than 4 characters", async (scene) => {
    await given(scene, "0199aaaa-1111");
    for (const part of ["aaaa-", "019", "111", "", "0199aaaa-11112"]) {
      await refuses(scene, part, /no job/);
    }
  });

  test("resolve: what fits more than one job is refused", async (scene) => {
    await given(scene, "0199aaaa-1111", "0199aaab-2222", "other-2222");
    for (const part of ["0199", "0199aaa", "2222"]) await refuses(scene, part, /more than one/);
  });

  test("resolve: what begins one job and ends another is refused", async (scene) => {
    await given(scene, "abcd-1", "2-abcd");
    await refuses(scene, "abcd", /more than one/);
  });

  test("resolve: a part that begins and ends the same job is that job", async (scene) => {
    await given(scene, "abcd-abcd", "other");
    assert.equal(await scene.store.resolve("abcd"), "abcd-abcd");
  });

  test("resolve: characters of patterns mean themselves", async (scene) => {
    await given(scene, "a_bcdef", "axbcdef-2", "per.cent");
    assert.equal(await scene.store.resolve("a_bcde"), "a_bcdef");
    for (
      const part of ["%%%%", "____", "a%bc", "****", "a*def", "????", "[a]_bc", "per%", "'; --"]
    ) {
      await refuses(scene, part, /no job/);
    }
  });

  test("resolve: upper and lower case differ", async (scene) => {
    await given(scene, "Report-1", "report-2");
    assert.equal(await scene.store.resolve("Repo"), "Report-1");
    assert.equal(await scene.store.resolve("repo"), "report-2");
    await refuses(scene, "REPO", /no job/);
  });

  test("resolve: words of lock errors in an id are nothing special", async (scene) => {
    await refuses(scene, "database is locked", /no job/);
  });
}
