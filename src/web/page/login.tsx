/// <reference lib="dom" />
/**
 * Asks for the token.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { messageOf } from "./api.ts";
import { Field } from "./components.tsx";
import { useBusy } from "./resource.ts";
import { login } from "./session.ts";

/** The form that trades the token for a session. */
export function Login(): JSX.Element {
  const error = useSignal<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const { busy, run } = useBusy();
  useEffect(() => input.current?.focus(), []);
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      error.value = null;
      try {
        await login(input.current!.value.trim());
      } catch (problem) {
        error.value = messageOf(problem);
        input.current?.select();
        input.current?.focus();
      }
    });
  };
  return (
    <main class="login" id="main">
      <form onSubmit={submit}>
        <h1>queuectl</h1>
        <Field
          label="Token"
          error={error.value}
          hint="The one the dashboard was started with: QUEUECTL_DASHBOARD_TOKEN or --token"
        >
          {(aids) => (
            <input {...aids} ref={input} type="password" autocomplete="current-password" required />
          )}
        </Field>
        <button type="submit" class="primary" aria-disabled={busy.value}>Log in</button>
      </form>
    </main>
  );
}
