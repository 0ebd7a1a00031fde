/**
 * A real executor and what it says, for the tests of it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { isAlive, signal } from "../../src/worker/host.ts";
import { findTree } from "../../src/worker/process_tree.ts";
import type {
  AttemptReport,
  AttemptStart,
  FromExecutor,
  OutputChunk,
  ProcessRef,
  ToExecutor,
} from "../../src/worker/protocol.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** The end of an attempt. */
export type Ended = AttemptReport;

/** A real Web Worker with its slots, and what it has said. */
export async function open(slots = 1) {
  const dir = await tempDir();
  const work = await tempDir();
  const module = new URL("../../src/worker/executor.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  const said: FromExecutor[] = [];
  const tokens: string[] = [];
  worker.onmessage = ({ data }: MessageEvent<FromExecutor>) => said.push(data);
  const send = (message: ToExecutor) => worker.postMessage(message);
  send({ type: "open", slots: Array.from({ length: slots }, (_, i) => i), spool: dir.path });

  /** The launchers as last announced. */
  function launchers(): Map<number, ProcessRef> {
    const ready = new Map<number, ProcessRef>();
    for (const m of said) if (m.type === "slot_ready") ready.set(m.slot, m.launcher);
    return ready;
  }
  await waitFor(() => launchers().size === slots);

  function start(command: string, options: Partial<AttemptStart> = {}): AttemptStart {
    const token = options.token ?? crypto.randomUUID();
    tokens.push(token);
    const env = { QUEUECTL_ATTEMPT_TOKEN: token, ...options.env };
    const { slot = 0, launcher = launchers().get(slot)! } = options;
    const given = { command, cwd: work.path, maxOutput: 1 << 20, stdin: null, ...options };
    const { timeout = null, killGrace = 600_000 } = options;
    return { ...given, slot, launcher, token, env, timeout, killGrace };
  }
  const reports = () => said.flatMap((m) => m.type === "ended" ? m.reports : []);
  const find = (token: string) => reports().find((report) => report.token === token);
  const ended = (token: string) => waitFor(() => find(token), { interval: 2, message: "an end" });

  return {
    said,
    reports,
    send,
    start,
    find,
    ended,
    launchers,
    spool: dir.path,
    work,
    async run(command: string, options: Partial<AttemptStart> = {}): Promise<Ended> {
      const attempt = start(command, options);
      send({ type: "work", settled: [], start: [attempt] });
      const end = await ended(attempt.token);
      send({ type: "work", settled: [attempt.token], start: [] });
      return end;
    },
    begin(command: string, options: Partial<AttemptStart> = {}): string {
      const attempt = start(command, options);
      send({ type: "work", settled: [], start: [attempt] });
      return attempt.token;
    },
    /** What a store would have of an attempt's output. */
    chunks(token: string): OutputChunk[] {
      const kept = new Map<number, OutputChunk>();
      const all = said.flatMap((m) => m.type === "output" ? m.chunks : [])
        .concat(reports().flatMap(({ chunks }) => chunks));
      for (const chunk of all.filter((chunk) => chunk.token === token)) {
        const { from, to } = chunk.dropped ?? { from: 0, to: 0 };
        for (const seq of [...kept.keys()]) if (seq >= from && seq < to) kept.delete(seq);
        kept.set(chunk.seq, chunk);
      }
      return [...kept.values()].sort((a, b) => a.seq - b.seq);
    },
    /** A pid that a command wrote into a file. */
    pid: (name: string) =>
      waitFor(async () => {
        const written = await Deno.readTextFile(work.join(name)).catch(() => "");
        return written.endsWith("\n") ? Number(written) : null;
      }, { message: `a pid in ${name}` }),
    async [Symbol.asyncDispose]() {
      const refs = [...launchers().values()];
      // Some may end by themselves meanwhile.
      for (const process of findTree({ tokens, launchers: refs })) signal(process, "SIGKILL");
      send({ type: "close", keepFiles: false });
      await waitFor(() => !refs.some(isAlive), { message: "the launchers to end" });
      worker.terminate();
      await dir[Symbol.asyncDispose]();
      await work[Symbol.asyncDispose]();
      const failures = said.filter((m) => m.type === "failed");
      assert.deepEqual(failures, []);
    },
  };
}

/** What a stream has written, of these chunks. */
export function text(chunks: readonly OutputChunk[], stream: "stdout" | "stderr"): string {
  const decoder = new TextDecoder();
  return chunks.filter((chunk) => chunk.stream === stream)
    .map(({ bytes }) => decoder.decode(bytes)).join("");
}
