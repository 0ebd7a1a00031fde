/// <reference lib="dom" />
/**
 * Says when the server or the store is away, and goes when they are back.
 *
 * @module
 */

import type { JSX } from "preact";
import { escapeText } from "../../escape.ts";
import { connection, failures, reconnectNow, refusal, storeProblem } from "./live.ts";

/** So many tries may fail before it is said: a restart of the server takes one or two. */
const QUIET_TRIES = 1;

/** The banner; its live region is always there, or screen readers would miss the first words. */
export function Banner(): JSX.Element {
  const away = connection.value === "away" && failures.value > QUIET_TRIES;
  const problem = storeProblem.value;
  const refused = refusal.value;
  return (
    <div role="status" aria-live="polite" class="banner-place">
      {away
        ? (
          <div class="banner">
            <p>
              <strong>
                {refused === null
                  ? "The dashboard's server does not answer."
                  : "The dashboard's server sends no news."}
              </strong>{" "}
              {refused === null ? "" : `${escapeText(refused)}. `}
              What you see is old. The page tries again by itself.
            </p>
            <button type="button" onClick={reconnectNow}>Try now</button>
          </div>
        )
        : problem !== null
        ? (
          <div class="banner">
            <p>
              <strong>The store cannot be used.</strong> {escapeText(problem)}
            </p>
          </div>
        )
        : null}
    </div>
  );
}
