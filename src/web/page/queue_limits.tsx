/// <reference lib="dom" />
/**
 * The form for what holds a queue back.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { escapeText } from "../../escape.ts";
import { ApiError, fieldMessageOf, messageOf, part, patch } from "./api.ts";
import { Field } from "./components.tsx";
import { Dialog } from "./dialog.tsx";
import { showQueue } from "./live.ts";
import { readNumber } from "./read_number.ts";
import { useBusy } from "./resource.ts";
import type { QueueJson } from "./shapes.ts";
import { toast } from "./toasts.tsx";

/** The form; live changes do not touch what somebody types. */
export function Limits(
  { queue, onClose }: { readonly queue: QueueJson; readonly onClose: () => void },
): JSX.Element {
  // As it was when the form was opened: live changes do not touch what somebody types.
  const limit = useSignal(queue.limit === null ? "" : `${queue.limit}`);
  const rate = useSignal(queue.rate ?? "");
  const wrong = useSignal<ApiError | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const { busy, run } = useBusy();
  useEffect(() => {
    if (wrong.value === null) return;
    form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  }, [wrong.value]);
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      try {
        const changed = await patch<QueueJson>(`/queues/${part(queue.name)}`, {
          limit: readNumber(limit.value),
          rate: rate.value.trim() === "" ? null : rate.value.trim(),
        });
        showQueue(changed);
        toast(`Limits of queue ${queue.name} are set`);
        onClose();
      } catch (error) {
        wrong.value = error instanceof ApiError
          ? error
          : new ApiError(0, { error: { message: messageOf(error) } });
      }
    });
  };
  const errorAt = (field: string) =>
    wrong.value?.field === field ? fieldMessageOf(wrong.value) : null;
  const elsewhere = wrong.value !== null && wrong.value.field !== "limit" &&
    wrong.value.field !== "rate";
  return (
    <Dialog title={`Limits of queue ${queue.name}`} onClose={onClose}>
      <form ref={form} onSubmit={submit} noValidate>
        <Field
          label="Limit"
          hint="At most so many of its jobs run at once, on all workers together. Empty: no limit."
          error={errorAt("limit")}
        >
          {(aids) => (
            <input
              {...aids}
              inputMode="numeric"
              autofocus
              value={limit.value}
              onInput={(event) => limit.value = event.currentTarget.value}
            />
          )}
        </Field>
        <Field
          label="Rate"
          hint="So many starts in any such time: 10/1m, 5/s, 100/h. Empty: no limit."
          error={errorAt("rate")}
        >
          {(aids) => (
            <input
              {...aids}
              value={rate.value}
              onInput={(event) => rate.value = event.currentTarget.value}
            />
          )}
        </Field>
        {elsewhere
          ? <p class="field-error" role="alert">{escapeText(wrong.value?.message ?? "")}</p>
          : null}
        <div class="dialog-actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" aria-disabled={busy.value}>Set limits</button>
        </div>
      </form>
    </Dialog>
  );
}
