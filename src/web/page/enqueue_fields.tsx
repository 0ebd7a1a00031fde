/// <reference lib="dom" />
/**
 * The fields of the enqueue form.
 *
 * @module
 */

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Field } from "./components.tsx";
import { TextArea, TextInput, When } from "./form_fields.tsx";
import type { FieldErrors, FieldName, FormFields } from "./job_form.ts";
import { status } from "./live.ts";

/** What the fields are told. */
export interface EnqueueFieldsProps {
  readonly fields: FormFields;
  readonly errors: FieldErrors;
  readonly onChange: (changes: Partial<FormFields>) => void;
}

/** When a job may run. */
const WHEN = {
  now: "At once",
  delay: "After a delay",
  run_at: "At a time",
  hold: "When it is released",
};

/** What is done about a unique key that is taken. */
const IF_EXISTS = {
  fail: "Refuse this one",
  return: "Take that job for this one",
  replace: "Replace that one while it waits",
};

/** Those that are seldom needed. */
const MORE: readonly FieldName[] = [
  "id",
  "unique_key",
  "after",
  "cwd",
  "env",
  "stdin",
  "backoff_base",
  "backoff_max",
  "backoff_jitter",
  "fatal_exit_codes",
];

/** The fields; those that are seldom needed are folded away unless something is wrong with them. */
export function EnqueueFields({ fields, errors, onChange }: EnqueueFieldsProps): JSX.Element {
  const queues = useId();
  const aids = (name: FieldName) => ({
    name,
    value: fields[name],
    error: errors[name],
    onChange: (value: string) => onChange({ [name]: value }),
  });
  const isOpen = MORE.some((name) => errors[name] !== undefined || fields[name] !== "");
  return (
    <>
      <datalist id={queues}>
        {status.value?.queues.map(({ name }) => <option key={name} value={name} />)}
      </datalist>
      <TextArea label="Command" hint="Shell text, run by /bin/sh -c" {...aids("command")} />
      <div class="form-grid">
        <TextInput label="Queue" placeholder="default" list={queues} {...aids("queue")} />
        <TextInput
          label="Priority"
          placeholder="0"
          hint="-1000 to 1000, or low, normal, high"
          {...aids("priority")}
        />
        <TextInput label="Retries" placeholder="from the settings" {...aids("max_retries")} />
        <TextInput
          label="Timeout"
          placeholder="from the settings"
          hint="Of each attempt: 90s, 10m, 1h30m, or none"
          {...aids("timeout")}
        />
        <TextInput label="Tags" hint="With spaces between them" {...aids("tags")} />
      </div>
      <When
        legend="May run"
        choices={WHEN}
        when={fields.when}
        onWhen={(when) => onChange({ when })}
        delay={fields.delay}
        onDelay={(delay) => onChange({ delay })}
        runAt={fields.run_at}
        onRunAt={(run_at) => onChange({ run_at })}
        errors={errors}
      />
      <details class="more" open={isOpen}>
        <summary>More</summary>
        <div class="form-grid">
          <TextInput label="Id" placeholder="a new one" {...aids("id")} />
          <TextInput
            label="Directory"
            placeholder="the dashboard's own"
            {...aids("cwd")}
          />
          <TextInput
            label="Unique key"
            hint="At most one job that has not ended holds it"
            {...aids("unique_key")}
          />
          <IfExists fields={fields} onChange={onChange} />
        </div>
        <TextArea
          label="After"
          rows={2}
          hint="Ids of jobs that have to end first, one a line; behind an id may stand ok, any or notok"
          {...aids("after")}
        />
        <TextArea
          label="Environment"
          rows={2}
          placeholder="NAME=value"
          hint="One variable a line. The values are never shown again"
          {...aids("env")}
        />
        <TextArea label="Standard input" rows={2} {...aids("stdin")} />
        <div class="form-grid">
          <TextInput
            label="Backoff base"
            placeholder="from the settings"
            hint="It waits base ^ n seconds after the n-th failure"
            {...aids("backoff_base")}
          />
          <TextInput
            label="Backoff at most"
            placeholder="from the settings"
            {...aids("backoff_max")}
          />
          <TextInput
            label="Backoff jitter"
            placeholder="from the settings"
            hint="0 to 1"
            {...aids("backoff_jitter")}
          />
          <TextInput
            label="Fatal exit codes"
            hint="No retry after these"
            {...aids("fatal_exit_codes")}
          />
        </div>
      </details>
    </>
  );
}

/** What is done about a unique key that is taken. */
export function IfExists(
  { fields, onChange }: Omit<EnqueueFieldsProps, "errors">,
): JSX.Element {
  return (
    <Field label="If the key is taken">
      {(field) => (
        <select
          {...field}
          value={fields.if_exists}
          onChange={(event) =>
            onChange({ if_exists: event.currentTarget.value as FormFields["if_exists"] })}
        >
          {Object.entries(IF_EXISTS).map(([value, words]) => (
            <option key={value} value={value}>{words}</option>
          ))}
        </select>
      )}
    </Field>
  );
}
