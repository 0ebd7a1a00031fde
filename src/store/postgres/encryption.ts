/**
 * Encrypted or not: what `sslmode` means for a connection.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import { systemReason } from "../../system_error.ts";
import type { Address, Encryption } from "./address.ts";
import { isServerError } from "./driver.ts";
import { EncryptionError } from "./socket.ts";

/** How to connect. */
export interface Way {
  /** Options of `node:tls`; null: not encrypted. */
  readonly tls: Readonly<Record<string, unknown>> | null;
  /** Whether it may go on without, if the server does not encrypt. */
  readonly mayBePlain: boolean;
}

const PLAIN: Way = { tls: null, mayBePlain: true };

/** The SQLSTATE where `pg_hba.conf` has no line that fits, also because of the encryption. */
const NO_LINE = "28000";

/**
 * The ways to connect, the preferred one first.
 *
 * @throws {StoreError} if a file of a certificate cannot be read
 */
export function waysIn({ host, encryption }: Pick<Address, "host" | "encryption">): readonly Way[] {
  const { mode } = encryption;
  // As libpq: what does not leave the machine is not encrypted.
  if (mode === "disable" || host.startsWith("/")) return [PLAIN];
  const encrypted: Way = { tls: tlsOptions(encryption), mayBePlain: mode === "prefer" };
  if (mode === "allow") return [PLAIN, encrypted];
  return mode === "prefer" ? [encrypted, PLAIN] : [encrypted];
}

/** Whether another way may be open where one has failed with this error. */
export function isWorthAnotherWay(error: unknown): boolean {
  return isServerError(error) ? error.code === NO_LINE : error instanceof EncryptionError;
}

function tlsOptions(encryption: Encryption): Readonly<Record<string, unknown>> {
  const { mode, rootCertificate, certificate, key } = encryption;
  // As libpq: who says whom to trust wants it checked.
  const isChecked = mode.startsWith("verify-") || (mode === "require" && rootCertificate !== null);
  return {
    rejectUnauthorized: isChecked,
    ...isChecked && mode !== "verify-full" ? { checkServerIdentity: () => undefined } : {},
    ...rootCertificate === null ? {} : { ca: read(rootCertificate) },
    ...certificate === null ? {} : { cert: read(certificate), key: read(key!) },
  };
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new StoreError(
      `The certificate ${path} cannot be read: ${systemReason(error) ?? error}`,
      {
        cause: error,
      },
    );
  }
}
