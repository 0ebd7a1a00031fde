/// <reference lib="dom" />
/**
 * The form that enqueues a job.
 *
 * @module
 */

import { type Signal, signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, fieldMessageOf, get, messageOf, part, post } from "./api.ts";
import { Empty, PageHead, Problem } from "./components.tsx";
import { EnqueueFields, IfExists } from "./enqueue_fields.tsx";
import { focusFirstError, TextArea } from "./form_fields.tsx";
import { countOf } from "./format.ts";
import {
  checkForm,
  EMPTY_FORM,
  type FieldErrors,
  type FieldName,
  type FormFields,
  formOfJob,
  formOfSpec,
  type SpecJson,
  specOfForm,
} from "./job_form.ts";
import type { JobDetailJson, JobJson } from "./job_shapes.ts";
import { useBusy } from "./resource.ts";
import { jobPath, linkTo, navigate, PATHS, place } from "./router.ts";
import { canWrite } from "./session.ts";
import { toast } from "./toasts.tsx";

interface Draft {
  readonly mode: "form" | "json";
  readonly fields: FormFields;
  readonly json: string;
  /** The job that it was filled with; null if none. */
  readonly again: string | null;
  /** What could not be filled in. */
  readonly note: string | null;
}

const NEW: Draft = { mode: "form", fields: EMPTY_FORM, json: "", again: null, note: null };

const EXAMPLE = '{"command": "echo hello"}';

/** What was typed stays while somebody looks at other views. */
const draft: Signal<Draft> = signal(NEW);

/** The view. */
export function Enqueue(): JSX.Element {
  const again = place.value.query.again ?? null;
  const errors = useSignal<FieldErrors>({});
  const problem = useSignal<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const { busy, run } = useBusy();
  useAgain(again, problem);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("textarea")?.focus();
  }, [draft.value.mode]);
  if (!canWrite.value) {
    return (
      <>
        <PageHead title="Enqueue a job" />
        <Empty title="This dashboard is read-only">
          It was started with --read-only: jobs are enqueued elsewhere.
        </Empty>
      </>
    );
  }
  const { mode, fields, json } = draft.value;
  const fail = (wrong: FieldErrors, message: string | null) => {
    errors.value = wrong;
    problem.value = message;
    focusFirstError(form.current);
  };
  const change = (changes: Partial<FormFields>) => {
    draft.value = { ...draft.value, fields: { ...fields, ...changes } };
    // What was wrong with a field is no longer known once it is another.
    const left = Object.entries(errors.value).filter(([name]) => !(name in changes));
    errors.value = Object.fromEntries(left);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const wrong = mode === "form" ? checkForm(fields) : {};
      if (Object.keys(wrong).length > 0) return fail(wrong, null);
      fail({}, null);
      try {
        const answer = await (mode === "form" ? sendForm(fields) : sendJson(json, fields));
        draft.value = NEW;
        const jobs = Array.isArray(answer) ? answer : [answer];
        toast(jobs.length === 1 ? "Enqueued" : `Enqueued ${countOf(jobs.length, "job")}`);
        navigate(jobs.length === 1 ? jobPath(jobs[0]!.id) : PATHS.jobs);
      } catch (error) {
        const field = error instanceof ApiError ? fieldOf(error.field) : null;
        if (mode === "form" && field !== null) fail({ [field]: fieldMessageOf(error) }, null);
        else fail({}, messageOf(error));
      }
    });
  };
  return (
    <>
      <PageHead title="Enqueue a job">
        <ModeButtons onProblem={(message) => problem.value = message} />
      </PageHead>
      <form ref={form} class="enqueue" noValidate onSubmit={submit}>
        {problem.value === null ? null : <Problem error={{ message: problem.value }} />}
        {draft.value.note === null ? null : <p class="hint">{draft.value.note}</p>}
        {mode === "form"
          ? <EnqueueFields fields={fields} errors={errors.value} onChange={change} />
          : (
            <>
              <TextArea
                label="Job as JSON"
                name="json"
                rows={16}
                value={json}
                onChange={(text) => draft.value = { ...draft.value, json: text }}
                placeholder={EXAMPLE}
                hint="One job, a list of jobs, or one job a line"
              />
              <div class="form-grid">
                <IfExists fields={fields} onChange={change} />
                <label class="check">
                  <input
                    type="checkbox"
                    checked={fields.when === "hold"}
                    onChange={(event) =>
                      change({ when: event.currentTarget.checked ? "hold" : "now" })}
                  />
                  Hold until released
                </label>
              </div>
            </>
          )}
        <div class="form-foot">
          <button type="submit" class="primary" aria-disabled={busy.value}>Enqueue</button>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              draft.value = { ...NEW, mode };
              fail({}, null);
              if (again !== null) navigate(PATHS.enqueue, { replace: true });
            }}
          >
            Clear
          </button>
        </div>
      </form>
    </>
  );
}

/** Fills the form with a job that is enqueued again. */
function useAgain(again: string | null, problem: Signal<string | null>): void {
  useEffect(() => {
    if (again === null || draft.peek().again === again) return;
    const control = new AbortController();
    get<JobDetailJson>(`/jobs/${part(again)}`, { signal: control.signal }).then((job) => {
      const note = job.env === null
        ? "Its standard input, if it had any, is not known: it is never shown."
        : "The values of its variables and its standard input are not known: they are never shown. " +
          "Give them again.";
      draft.value = { ...NEW, fields: formOfJob(job), again, note };
    }).catch((error) => {
      if (!control.signal.aborted) problem.value = messageOf(error);
    });
    return () => control.abort();
  }, [again]);
}

function ModeButtons(
  { onProblem }: { readonly onProblem: (message: string | null) => void },
): JSX.Element {
  const { mode, fields, json } = draft.value;
  const change = (next: Draft["mode"]) => {
    if (next === mode) return;
    onProblem(null);
    if (next === "json") {
      const spec = specOfForm(fields);
      draft.value = { ...draft.value, mode: next, json: JSON.stringify(spec, null, 2) };
      return;
    }
    const read = readJson(json);
    const filled = read === null ? null : formOfSpec(read, fields);
    if (filled === null && json.trim() !== "") {
      return onProblem("The form cannot show all of this: it is not one job, or has more to it");
    }
    draft.value = { ...draft.value, mode: next, fields: filled ?? fields };
  };
  return (
    <div class="switch" role="group" aria-label="How to write it">
      {(["form", "json"] as const).map((each) => (
        <button
          type="button"
          key={each}
          aria-pressed={each === mode}
          onClick={() => change(each)}
        >
          {each === "form" ? "Form" : "JSON"}
        </button>
      ))}
    </div>
  );
}

function sendForm(fields: FormFields): Promise<JobJson | JobJson[]> {
  return post(enqueueLink(fields), specOfForm(fields));
}

/** The text as it is: what is wrong with it the server says, with the line. */
function sendJson(json: string, fields: FormFields): Promise<JobJson | JobJson[]> {
  const contentType = isLines(json) ? "application/x-ndjson" : "application/json";
  return post(enqueueLink(fields), json, { contentType });
}

function enqueueLink({ if_exists, when }: FormFields): string {
  const query = {
    if_exists: if_exists === "fail" ? null : if_exists,
    hold: when === "hold" ? "true" : null,
  };
  return linkTo("/jobs", query);
}

/** Whether the first line is a value of its own, and there are more. */
function isLines(json: string): boolean {
  const [first, ...more] = json.trim().split("\n");
  if (more.length === 0) return false;
  try {
    JSON.parse(first!);
    return true;
  } catch {
    return false;
  }
}

function readJson(json: string): SpecJson | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as SpecJson
      : null;
  } catch {
    return null;
  }
}

function fieldOf(key: string | null): FieldName | null {
  return key !== null && Object.hasOwn(EMPTY_FORM, key) ? key as FieldName : null;
}
