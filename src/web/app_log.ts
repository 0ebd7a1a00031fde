/**
 * What the dashboard says of its requests and failures, in the log.
 *
 * @module
 */

import { type LogOptions, openLog } from "../observe/log.ts";
import type { AppLog } from "./app.ts";

/** Opens the log: requests at the level debug, failures as errors. */
export function openAppLog(options: LogOptions): AppLog {
  const log = openLog(options);
  return {
    request({ method, path, status, duration, address }) {
      const milliseconds = Math.round(duration);
      const text = `${method} ${path} ${status} ${milliseconds} ms`;
      log({ level: "debug", text, method, path, status, milliseconds, address });
    },
    failure(error, where) {
      const isError = error instanceof Error;
      log({ level: "error", text: `${where}: ${isError ? error.message : String(error)}`, where });
      if (isError && error.stack !== undefined) log({ level: "debug", text: error.stack, where });
    },
  };
}
