/**
 * Files to work on, and what must come out of the work.
 *
 * @module
 */

/** Bytes of each file. */
const SIZE = 2 * 1024 * 1024;
/** `crypto.getRandomValues()` takes no more at once. */
const RANDOM_PIECE = 65_536;

/** Files of different kinds, about 2 MiB each: text, numbers, noise and nearly nothing. */
export const FILES: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  "access.log": () =>
    lines((n) => {
      const time = new Date(1.7e12 + n * 977).toISOString();
      return `${time} GET /articles/${n * 7919 % 10_007} ${n % 17 ? 200 : 404} ${n * 31 % 5000}`;
    }),
  "values.csv": () => lines((n) => `${n};${Math.sin(n / 10).toFixed(9)};${Math.random()}`),
  "noise.raw": noise,
  "sparse.img": () => {
    const bytes = new Uint8Array(SIZE);
    for (let at = 0; at < SIZE; at += 4096) bytes[at] = at / 4096 % 256;
    return bytes;
  },
};

/** SHA-256 in hexadecimal digits, as `sha256sum` prints it. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a gzip file holds. */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function lines(line: (n: number) => string): Uint8Array<ArrayBuffer> {
  const all: string[] = [];
  for (let length = 0; length < SIZE; length += all.at(-1)!.length + 1) all.push(line(all.length));
  return new TextEncoder().encode(`${all.join("\n")}\n`);
}

function noise(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at += RANDOM_PIECE) {
    crypto.getRandomValues(bytes.subarray(at, at + RANDOM_PIECE));
  }
  return bytes;
}
