/// <reference lib="dom" />
/**
 * The question which dead jobs go for good.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { messageOf, post } from "./api.ts";
import { act, describeResult } from "./bulk.ts";
import { Problem } from "./components.tsx";
import { Dialog } from "./dialog.tsx";
import { TextInput } from "./form_fields.tsx";
import { countOf, formatCount } from "./format.ts";
import { checkValue } from "./job_form.ts";
import { ALL_JOBS } from "./job_query.ts";
import { useBusy } from "./resource.ts";
import { toast } from "./toasts.tsx";

/** Asks which dead jobs go: all, or those that ended long ago. */
export function Purge(
  { total: current, onClose, onDone }: {
    readonly total: number;
    readonly onClose: () => void;
    readonly onDone: () => void;
  },
): JSX.Element {
  // As it was when it was asked: no number changes under the hand.
  const [total] = useState(current);
  const which = useSignal<"all" | "older">("all");
  const age = useSignal("7d");
  const wrong = useSignal<string | undefined>(undefined);
  const { busy, run } = useBusy();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const older = which.value === "older";
      wrong.value = older ? checkValue("delay", age.value.trim()) ?? undefined : undefined;
      if (wrong.value !== undefined) return;
      try {
        if (older) {
          const answer = await post<{ readonly purged: number }>("/dlq/purge", {
            older_than: age.value.trim(),
          });
          toast(`Purged ${countOf(answer.purged, "job")}`);
        } else {
          const query = { ...ALL_JOBS, states: ["dead"] } as const;
          const result = await act("delete", { kind: "all", expected: total }, query);
          toast(describeResult("delete", result, "Purged"));
        }
        onDone();
        onClose();
      } catch (error) {
        wrong.value = messageOf(error);
      }
    });
  };
  const choice = (value: "all" | "older", words: string) => (
    <label class="check">
      <input
        type="radio"
        name="which"
        checked={which.value === value}
        onChange={() => which.value = value}
      />
      {words}
    </label>
  );
  return (
    <Dialog title="Purge dead jobs?" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <p>They go for good, with their attempts and their output.</p>
        <div class="choices">
          {choice("all", `All ${formatCount(total)}`)}
          {choice("older", `Of these ${formatCount(total)}, those that ended long ago`)}
        </div>
        {which.value === "older"
          ? (
            <TextInput
              label="Longer ago than"
              name="age"
              value={age.value}
              onChange={(text) => age.value = text}
              error={wrong.value}
              hint="Such as 12h, 7d or 30d"
            />
          )
          : wrong.value === undefined
          ? null
          : <Problem error={{ message: wrong.value }} />}
        <div class="dialog-actions">
          <button type="button" autofocus onClick={onClose}>
            {busy.value ? "Close" : "Cancel"}
          </button>
          <button type="submit" class="danger" aria-disabled={busy.value}>
            {busy.value
              ? "Purging…"
              : which.value === "all"
              ? `Purge ${countOf(total, "job")}`
              : "Purge the old ones"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
