/// <reference lib="dom" />
/**
 * What can be asked of a worker: to drain, to stop, to have more slots or fewer.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { fieldMessageOf, part, post } from "./api.ts";
import { Field } from "./components.tsx";
import { confirm, Dialog } from "./dialog.tsx";
import { countOf } from "./format.ts";
import { readNumber } from "./read_number.ts";
import { useBusy } from "./resource.ts";
import type { BusyWorkerJson } from "./shapes.ts";
import { attempt, toast } from "./toasts.tsx";

/** The buttons of a worker. `scale` opens the form for its slots. */
export function WorkerActions(
  { worker: { id, state, busy }, reload, scale }: {
    readonly worker: BusyWorkerJson;
    readonly reload: () => void;
    readonly scale: () => void;
  },
): JSX.Element {
  const { busy: pressed, run } = useBusy();
  const drain = () =>
    run(async () => {
      const yes = await confirm({
        title: "Drain this worker?",
        text: busy === 0
          ? "It runs no job now, and ends."
          : `It claims no more jobs, finishes the ${countOf(busy, "job")} that it runs, and ends.`,
        action: "Drain",
      });
      if (!yes) return;
      await attempt(() => post(`/workers/${part(id)}/stop`, {}), "The worker drains");
      reload();
    });
  const stop = () =>
    run(async () => {
      const yes = await confirm({
        title: busy === 0 ? "Stop this worker now?" : `Stop ${countOf(busy, "running job")}?`,
        text: busy === 0
          ? "It ends at once."
          : "What is ended is handed back, and starts again from the beginning when a worker takes it. An " +
            "interrupted attempt does not count.",
        action: "Stop now",
        danger: true,
      });
      if (!yes) return;
      await attempt(() => post(`/workers/${part(id)}/stop`, { now: true }), "The worker stops");
      reload();
    });
  const draining = state === "draining";
  return (
    <div class="actions">
      <button
        type="button"
        class="small"
        disabled={draining}
        onClick={scale}
        aria-label={`Slots of worker ${id}`}
      >
        Slots…
      </button>
      <button
        type="button"
        class="small"
        disabled={draining}
        aria-disabled={pressed.value}
        onClick={drain}
        aria-label={`Drain worker ${id}`}
      >
        Drain
      </button>
      <button
        type="button"
        class="small danger"
        aria-disabled={pressed.value}
        onClick={stop}
        aria-label={`Stop now: worker ${id}`}
      >
        Stop now
      </button>
    </div>
  );
}

/** The form for the slots of a worker. */
export function Scale(
  { worker: { id, slots }, onClose }: {
    readonly worker: BusyWorkerJson;
    readonly onClose: () => void;
  },
): JSX.Element {
  const wanted = useSignal(`${slots}`);
  const error = useSignal<string | null>(null);
  const { busy, run } = useBusy();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      try {
        await post(`/workers/${part(id)}/scale`, { slots: readNumber(wanted.value) });
        toast("The worker changes its slots");
        onClose();
      } catch (problem) {
        error.value = fieldMessageOf(problem);
      }
    });
  };
  return (
    <Dialog title="Slots of this worker" onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Field
          label="Slots"
          hint="So many jobs run at once. With fewer, what runs is finished first."
          error={error.value}
        >
          {(aids) => (
            <input
              {...aids}
              inputMode="numeric"
              autofocus
              value={wanted.value}
              onInput={(event) => wanted.value = event.currentTarget.value}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" aria-disabled={busy.value}>Set slots</button>
        </div>
      </form>
    </Dialog>
  );
}
