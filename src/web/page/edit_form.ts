/**
 * The edit form: what stands in its fields, and what of it is changed.
 *
 * @module
 */

import type { SpecKey } from "../../job/spec_fields.ts";
import { checkValue, type SpecJson, valueOf } from "./job_form.ts";
import type { JobJson } from "./job_shapes.ts";

/** What stands in the fields, as it was typed. */
export interface EditFields {
  readonly command: string;
  readonly queue: string;
  readonly priority: string;
  readonly max_retries: string;
  readonly timeout: string;
  readonly when: "same" | "now" | "delay" | "run_at";
  readonly delay: string;
  readonly run_at: string;
}

/** What is wrong, by field. */
export type EditErrors = Partial<Record<keyof EditFields, string>>;

const KEYS = ["command", "queue", "priority", "max_retries", "timeout"] as const;

/** The form of a job. */
export function editOfJob(job: JobJson): EditFields {
  return {
    command: job.command,
    queue: job.queue,
    priority: String(job.priority),
    max_retries: String(job.max_retries),
    timeout: job.timeout === null ? "none" : String(job.timeout),
    when: "same",
    delay: "",
    run_at: "",
  };
}

/** The keys that are changed, with their new values; empty if nothing is. */
export function changesOf(before: EditFields, fields: EditFields): SpecJson {
  const changes: Record<string, unknown> = {};
  for (const key of KEYS) {
    if (fields[key] !== before[key]) changes[key] = valueOf(key, fields[key]);
  }
  if (changes.timeout === "") changes.timeout = "none";
  if (fields.when === "now") changes.delay = 0;
  if (fields.when === "delay") changes.delay = valueOf("delay", fields.delay);
  if (fields.when === "run_at") changes.run_at = valueOf("run_at", fields.run_at);
  return changes;
}

/** What is wrong with the changes. */
export function checkEdit(changes: SpecJson): EditErrors {
  const errors: EditErrors = {};
  for (const [key, value] of Object.entries(changes)) {
    const error = checkValue(key as SpecKey, value);
    if (error !== null) errors[key as keyof EditFields] = error;
  }
  return errors;
}
