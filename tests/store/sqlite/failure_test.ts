import assert from "node:assert/strict";
import { StoreError, UsageError } from "../../../src/errors.ts";
import { storeErrorFrom } from "../../../src/store/sqlite/failure.ts";

const SENTENCES: readonly (readonly [Error, RegExp])[] = [
  [new Error("database or disk is full"), /^The disk of the store \/s is full: free some space$/],
  [new Error("No space left on device (os error 28): open '/s.d/x'"), /^The disk .* is full/],
  [new Error("Disk quota exceeded (os error 122): open '/s'"), /^The disk .* is full/],
  [new Error("disk I/O error"), /is full or has failed/],
  [new Error("attempt to write a readonly database"), /cannot be written: it is read-only$/],
  [new Error("Read-only file system (os error 30): mkdir '/s.d'"), /it is read-only$/],
  [new Error("unable to open database file"), /cannot be opened: check the permissions/],
  [
    new Deno.errors.PermissionDenied("Permission denied (os error 13): open '/s'"),
    /^No permission/,
  ],
  [new Deno.errors.NotADirectory("Not a directory (os error 20): stat '/s'"), /not a directory$/],
  [new Error("Input/output error (os error 5): open '/s'"), /cannot be used: input\/output error$/],
  [new Error("database disk image is malformed"), /is damaged: restore it from a backup$/],
  [new SyntaxError("Unexpected token in JSON"), /is damaged/],
  [new Error("file is not a database"), /^\/s is not a queuectl store$/],
  [new Error("database is locked"), /is locked by another program: try again later$/],
];

Deno.test("storeErrorFrom() makes a sentence of what SQLite and the system say", () => {
  for (const [error, sentence] of SENTENCES) {
    const found = storeErrorFrom(error, "/s");
    assert.ok(found instanceof StoreError, error.message);
    assert.match(found.message, sentence);
    assert.equal(found.cause, error);
  }
});

Deno.test("storeErrorFrom() leaves alone what is not about the store", () => {
  for (const error of [new UsageError("No"), new TypeError("x is undefined"), new Error("no")]) {
    assert.equal(storeErrorFrom(error, "/s"), error);
  }
});
