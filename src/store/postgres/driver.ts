/**
 * What is used of `npm:pg`, which has no types of its own. Only one connection of it at a time: the pool, the
 * deadlines and the errors are ours.
 *
 * @module
 */

import type { SqlValue } from "../sql/work.ts";

/** A socket of Node's, plain or encrypted. */
export interface Socket {
  on(event: "data", heard: () => void): void;
  write(message: Uint8Array, whenSent?: () => void): unknown;
  destroy(error?: Error): void;
}

/** What a connection is made with. */
export interface ClientOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: () => string;
  readonly application_name: string;
  /** Whatever is to be encrypted is by the stream. */
  readonly ssl: false;
  /** Makes the socket. */
  readonly stream: () => Socket;
  /** Statements are sent at once, without waiting for the answers to those before them. */
  readonly pipeline: true;
  readonly types: { getTypeParser(type: number): (text: string) => unknown };
}

/** The answer to a statement. */
export interface Result {
  readonly rows: Record<string, SqlValue>[];
  readonly rowCount: number | null;
}

/** A message that somebody has sent by NOTIFY. */
export interface Notification {
  readonly channel: string;
  readonly payload?: string;
}

/** A connection. */
export interface Client {
  readonly connection: {
    readonly stream: Socket;
    on(event: "parameterStatus", heard: (message: ServerParameter) => void): void;
  };
  /** The server's process. */
  readonly processID: number;
  connect(): Promise<unknown>;
  /** A statement with a name is parsed but once. */
  query(
    statement: {
      readonly name?: string;
      readonly text: string;
      readonly values?: readonly SqlValue[];
    },
  ): Promise<Result | readonly Result[]>;
  /** `I`: no transaction; `T`: in one; `E`: in one that has failed. */
  getTransactionStatus(): "I" | "T" | "E" | null;
  on(event: "error", heard: (error: Error) => void): void;
  on(event: "end", heard: () => void): void;
  on(event: "notification", heard: (message: Notification) => void): void;
  end(): Promise<void>;
}

/** Something that the server says of itself, such as its version. */
export interface ServerParameter {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** An error that the server has sent, see "Error and Notice Message Fields" in PostgreSQL's documentation. */
export interface ServerError extends Error {
  /** The SQLSTATE. */
  readonly code: string;
  readonly severity: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Whether the server has sent it. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error;
}

type MakeClient = new (options: ClientOptions) => Client;

/** Loads what makes connections: where it is missing, that is no fault of the server. */
export async function loadClient(): Promise<MakeClient> {
  // Not the whole package: the pool in it is not used.
  const module = await import("pg/lib/client.js") as unknown as { readonly default: MakeClient };
  return module.default;
}

/** Makes a connection, which is not open yet. */
export async function newClient(options: ClientOptions): Promise<Client> {
  return new (await loadClient())(options);
}
