/// <reference lib="dom" />
/**
 * The form that changes a job that waits.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { ApiError, fieldMessageOf, messageOf, part, patch } from "./api.ts";
import { Problem } from "./components.tsx";
import { Dialog } from "./dialog.tsx";
import { changesOf, checkEdit, type EditErrors, type EditFields, editOfJob } from "./edit_form.ts";
import { focusFirstError, TextArea, TextInput, When } from "./form_fields.tsx";
import type { JobJson } from "./job_shapes.ts";
import { useBusy } from "./resource.ts";
import { toast } from "./toasts.tsx";

/** When it may run. */
const WHEN = { same: "As it is", now: "At once", delay: "After a delay", run_at: "At a time" };

/** What the form is told. */
export interface EditProps {
  readonly job: JobJson;
  readonly onClose: () => void;
  /** The job was changed. */
  readonly onDone: (job: JobJson) => void;
}

/** The form, as a dialog. */
export function Edit({ job, onClose, onDone }: EditProps): JSX.Element {
  // The job may change while somebody types: what they began with stays.
  const before = useRef(editOfJob(job)).current;
  const fields = useSignal<EditFields>(before);
  const errors = useSignal<EditErrors>({});
  const problem = useSignal<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const { busy, run } = useBusy();
  const fail = (wrong: EditErrors, message: string | null) => {
    errors.value = wrong;
    problem.value = message;
    focusFirstError(form.current);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const changes = changesOf(before, fields.value);
      if (Object.keys(changes).length === 0) return onClose();
      const wrong = checkEdit(changes);
      fail(wrong, null);
      if (Object.keys(wrong).length > 0) return;
      try {
        onDone(await patch<JobJson>(`/jobs/${part(job.id)}`, changes));
        toast("Changed");
        onClose();
      } catch (error) {
        if (error instanceof ApiError && error.field !== null && error.field in before) {
          fail({ [error.field]: fieldMessageOf(error) }, null);
        } else fail({}, messageOf(error));
      }
    });
  };
  const change = (changes: Partial<EditFields>) => {
    fields.value = { ...fields.value, ...changes };
    const left = Object.entries(errors.value).filter(([name]) => !(name in changes));
    errors.value = Object.fromEntries(left);
  };
  const aids = (name: Exclude<keyof EditFields, "when">) => ({
    name,
    value: fields.value[name],
    error: errors.value[name],
    onChange: (value: string) => change({ [name]: value }),
  });
  const { when, delay, run_at } = fields.value;
  return (
    <Dialog title="Edit the job" onClose={onClose}>
      <form ref={form} class="edit" noValidate onSubmit={submit}>
        {problem.value === null ? null : <Problem error={{ message: problem.value }} />}
        <TextArea label="Command" rows={4} {...aids("command")} />
        <div class="form-grid">
          <TextInput label="Queue" {...aids("queue")} />
          <TextInput label="Priority" {...aids("priority")} />
          <TextInput label="Retries" {...aids("max_retries")} />
          <TextInput label="Timeout" hint="Such as 90s or 10m, or none" {...aids("timeout")} />
        </div>
        <When
          legend="May run"
          choices={WHEN}
          when={when}
          onWhen={(choice) => change({ when: choice })}
          delay={delay}
          onDelay={(text) => change({ delay: text })}
          runAt={run_at}
          onRunAt={(text) => change({ run_at: text })}
          errors={errors.value}
        />
        <div class="dialog-actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" aria-disabled={busy.value}>Save</button>
        </div>
      </form>
    </Dialog>
  );
}
