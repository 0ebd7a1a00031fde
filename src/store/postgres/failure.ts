/**
 * What the server and the network say when a store cannot be used, in a sentence for the user. Nothing of it has a
 * password in it.
 *
 * @module
 */

import { QueuectlError, StoreError, StoreGoneError, StoreLockedError } from "../../errors.ts";
import { systemReason } from "../../system_error.ts";
import type { Address } from "./address.ts";
import { isServerError, type ServerError } from "./driver.ts";
import { ForeignServerError } from "./careful_socket.ts";
import { EncryptionError, NoEncryptionError } from "./socket.ts";

/** The server has not said a word for longer than it was waited for. */
export class SilenceError extends Error {}

/** SQLSTATEs that others ask for. */
export const TOO_MANY_CONNECTIONS = "53300";
const NOT_READY = "57P03";
const LOCK_TIMEOUT = "55P03";

/** What is wrong, in a sentence. */
type Sentence = (address: Address, error: ServerError) => string;

const away: Sentence = ({ location }) =>
  `The server of ${location} is starting or stopping: try again in a moment`;
const crowded: Sentence = ({ location }) =>
  `The server of ${location} has no connection left: stop some workers or raise max_connections`;
const full: Sentence = ({ location }) => `The disk of ${location} is full: free some space`;
const readOnly: Sentence = ({ location }) =>
  `The store ${location} cannot be written: its server or the role is read-only, so name the primary server`;
const cut: Sentence = ({ location }) =>
  `The server of ${location} has ended the connection: try again`;
const wrongPassword: Sentence = ({ location, user, password, passwordProblem }) =>
  password === null
    ? `The server of ${location} wants a password for the user ${user}: give it in the URL, in PGPASSWORD ` +
      `or in ~/.pgpass${passwordProblem === null ? "" : ` (${passwordProblem})`}`
    : `The server of ${location} does not take the password of the user ${user}: check both`;

/** By SQLSTATE, see appendix A of PostgreSQL's documentation; its first two characters are its class. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  "28P01": wrongPassword,
  "28000": (address, { message }) =>
    `The server of ${address.location} does not let the user ${address.user} in: ${message}`,
  "3D000": ({ location, database }) =>
    `There is no database ${database} for ${location}: make it with createdb, or name another one`,
  "42501": ({ location, user }, { message }) =>
    `The user ${user} lacks a right in ${location}: ${message}. Grant it, or name another user`,
  [TOO_MANY_CONNECTIONS]: crowded,
  "53100": full,
  "53200": ({ location }) => `The server of ${location} is out of memory: try again later`,
  [LOCK_TIMEOUT]: ({ location }) =>
    `The store ${location} is locked by another program: try again later`,
  "57014": ({ location }) =>
    `The server of ${location} took too long: it is busy, or waits for another program`,
  "57P01": cut,
  "57P02": cut,
  [NOT_READY]: away,
  "57P05": cut,
  "25006": readOnly,
  "25P03": cut,
  "42703": foreign,
  "42883": foreign,
  "26000": pooled,
  "42P05": pooled,
  // By `preamble.ts`: the session is one of another schema. A pool that keeps prepared statements loses all else.
  "2201E": pooled,
  XX001: damaged,
  XX002: damaged,
};

/** By class. */
const CLASSES: Readonly<Record<string, Sentence>> = {
  "08": cut,
  "53": (address, { message }) => `The server of ${address.location} lacks something: ${message}`,
  "57": cut,
  "54": (address, { message }) => `The server of ${address.location} has a limit: ${message}`,
  "58": broken,
  XX: broken,
};

function broken({ location }: Address, { message }: ServerError): string {
  return `The server of ${location} has failed: ${message}`;
}

function foreign({ location }: Address, { message }: ServerError): string {
  return `The store ${location} has not the tables of its version (${message}): an unreleased queuectl ` +
    "made it, or another program changed it. Restore it from a backup, or begin another one";
}

function pooled({ location }: Address): string {
  return `Between this program and ${location} is a pool that gives each transaction another session: ` +
    "name the server itself, or let the pool work by session";
}

function damaged({ location }: Address): string {
  return `The store ${location} is damaged: restore it from a backup`;
}

/** By the name of a failed system call's error, which Node has in `code`. */
const SYSTEM: Readonly<Record<string, (address: Address) => string>> = {
  ECONNREFUSED: ({ location, host, port }) =>
    `No server answers for ${location}: check that PostgreSQL runs at ${placeOf(host, port)}`,
  ENOENT: ({ location, host, port }) =>
    `No server answers for ${location}: there is no socket ${placeOf(host, port)}`,
  EACCES: ({ location, host, port }) =>
    `No permission to use the socket ${placeOf(host, port)} of ${location}`,
  ENOTFOUND: ({ location, host }) =>
    `There is no host ${host}, as ${location} has it: check the name`,
  EAI_AGAIN: ({ location, host }) =>
    `The address of ${host} cannot be found out for ${location}: check the name and the network`,
  ENETUNREACH: unreachable,
  EHOSTUNREACH: unreachable,
  ETIMEDOUT: silent,
  ECONNRESET: lost,
  EPIPE: lost,
};

function unreachable({ location, host }: Address): string {
  return `There is no way to the host ${host} of ${location}: check the network`;
}

function silent({ location, host, port }: Address): string {
  return `The server of ${location} does not answer: check ${placeOf(host, port)} and the network`;
}

function lost({ location }: Address): string {
  return `The connection to ${location} was lost: try again`;
}

/** The SQLSTATE of an error, or of what it comes from; null if the server did not send it. */
export function sqlState(error: unknown): string | null {
  if (isServerError(error)) return error.code;
  return error instanceof Error && error.cause !== undefined ? sqlState(error.cause) : null;
}

/** It could not be put in order with another one, is in a circle of waits, or something has come that it had looked for. */
const IN_THE_WAY: ReadonlySet<string | null> = new Set(["40001", "40P01", "23505"]);

/** The transaction failed because of what another one did at the same time: it may be done again, at once. */
export function isRetriable(error: unknown): boolean {
  return IN_THE_WAY.has(sqlState(error));
}

/** The session is to read only, the role has no right, or the server is a standby, on which nothing can be locked. */
const FORBIDDEN: ReadonlySet<string | null> = new Set(["25006", "42501", "55000"]);

/** Whoever asked may only look. */
export function isForbidden(error: unknown): boolean {
  return FORBIDDEN.has(sqlState(error));
}

/** The server lets nobody in at this moment, and will soon. */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error);
  return state === NOT_READY || state === TOO_MANY_CONNECTIONS;
}

/** The schema or a table is not there, which was when the store was opened. */
const GONE: ReadonlySet<string | null> = new Set(["3F000", "42P01"]);

/** The error as the layers above see it; what is not about the store stays as it is. */
export function storeErrorFrom(error: unknown, address: Address): unknown {
  if (error instanceof QueuectlError) return error;
  const state = sqlState(error);
  if (GONE.has(state)) {
    const gone = `The store ${address.location} was removed, or a part of it`;
    return new StoreGoneError(gone, { cause: error });
  }
  const sentence = sentenceOf(error, address);
  if (sentence === null) return error;
  const Kind = state === LOCK_TIMEOUT ? StoreLockedError : StoreError;
  return new Kind(sentence, { cause: error });
}

/** Whatever ends a connection is about the store. */
export function lossFrom(error: unknown, address: Address): StoreError {
  const found = storeErrorFrom(error, address);
  return found instanceof StoreError
    ? found
    : new StoreError(`The connection to ${address.location} was lost: try again`, { cause: error });
}

function sentenceOf(error: unknown, address: Address): string | null {
  if (!(error instanceof Error)) return null;
  if (isServerError(error)) {
    const sentence = SENTENCES[error.code] ?? CLASSES[error.code.slice(0, 2)];
    return sentence?.(address, error) ?? null;
  }
  if (error instanceof SilenceError) return silent(address);
  if (error instanceof ForeignServerError) return foreignServer(address);
  if (error instanceof NoEncryptionError) {
    return `The server of ${address.location} does not encrypt: turn it on there, or say sslmode=disable`;
  }
  if (error instanceof EncryptionError || /\bcertificate\b/i.test(error.message)) {
    return `The server of ${address.location} cannot be trusted (${error.message}): name who has signed its ` +
      "certificate by sslrootcert, or say another sslmode";
  }
  const code = "code" in error ? String(error.code) : "";
  if (Object.hasOwn(SYSTEM, code)) return SYSTEM[code]!(address);
  const { message } = error;
  if (/connection terminated|connection ended|closed/i.test(message)) return lost(address);
  if (/password must be/.test(message)) return wrongPassword(address, error as ServerError);
  const reason = systemReason(error);
  return reason === null ? null : `The server of ${address.location} cannot be used: ${reason}`;
}

function foreignServer({ location, host, port }: Address): string {
  return `What answers at ${
    placeOf(host, port)
  } for ${location} is no PostgreSQL, or wants a way to log in that ` +
    "queuectl does not know: check the address, and that the server takes a password";
}

function placeOf(host: string, port: number): string {
  if (host.startsWith("/")) return `${host}/.s.PGSQL.${port}`;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
