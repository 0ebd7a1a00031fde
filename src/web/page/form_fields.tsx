/// <reference lib="dom" />
/**
 * The fields of the enqueue form and the edit form.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { Field } from "./components.tsx";

/** What a field is told. */
export interface InputProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: ComponentChildren;
  readonly placeholder?: string;
}

/** Plain text: nothing completes or corrects what is a command or a name. */
const EXACT = { autocomplete: "off", autocapitalize: "off", spellcheck: false } as const;

/** A field of one line. */
export function TextInput(
  { label, name, value, onChange, error, hint, placeholder = "", list }: InputProps & {
    /** The id of a `<datalist>`. */
    readonly list?: string;
  },
): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error ?? null}>
      {(aids) => (
        <input
          {...aids}
          {...EXACT}
          type="text"
          list={list ?? ""}
          name={name}
          value={value}
          placeholder={placeholder}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A field of several lines. */
export function TextArea(
  { label, name, value, onChange, error, hint, placeholder = "", rows = 3 }: InputProps & {
    readonly rows?: number;
  },
): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error ?? null}>
      {(aids) => (
        <textarea
          {...aids}
          {...EXACT}
          class="code"
          name={name}
          rows={rows}
          value={value}
          placeholder={placeholder}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** When a job may run: a choice, and the field that it needs. */
export interface WhenProps<Choice extends string> {
  readonly legend: string;
  readonly choices: Readonly<Record<Choice, string>>;
  readonly when: Choice;
  readonly onWhen: (choice: Choice) => void;
  readonly delay: string;
  readonly onDelay: (delay: string) => void;
  readonly runAt: string;
  readonly onRunAt: (runAt: string) => void;
  readonly errors: { readonly delay?: string | undefined; readonly run_at?: string | undefined };
}

/** The choice; the delay and the time have a field of their own. */
export function When<Choice extends string>(props: WhenProps<Choice>): JSX.Element {
  const { legend, choices, when, onWhen, delay, onDelay, runAt, onRunAt, errors } = props;
  return (
    <fieldset class="when">
      <legend>{legend}</legend>
      <div class="choices">
        {(Object.entries(choices) as [Choice, string][]).map(([choice, words]) => (
          <label class="check" key={choice}>
            <input
              type="radio"
              name="when"
              checked={choice === when}
              onChange={() =>
                onWhen(choice)}
            />
            {words}
          </label>
        ))}
      </div>
      {when === "delay"
        ? (
          <TextInput
            label="So long from now"
            name="delay"
            value={delay}
            onChange={onDelay}
            error={errors.delay}
            placeholder="10m"
            hint="Such as 90s, 10m, 1h30m or 2d"
          />
        )
        : null}
      {when === "run_at"
        ? (
          <Field
            label="Not before"
            hint="In the time zone of this browser"
            error={errors.run_at ?? null}
          >
            {(aids) => (
              <input
                {...aids}
                type="datetime-local"
                name="run_at"
                step={1}
                value={runAt}
                onInput={(event) => onRunAt(event.currentTarget.value)}
              />
            )}
          </Field>
        )
        : null}
    </fieldset>
  );
}

/** Puts the focus on the first field of the form that has an error. */
export function focusFirstError(form: HTMLFormElement | null): void {
  // The errors come with the next frame.
  requestAnimationFrame(() => {
    const field = form?.querySelector<HTMLElement>("[aria-invalid=true]");
    field?.focus();
    field?.scrollIntoView({ block: "nearest" });
  });
}
