/// <reference lib="dom" />
/**
 * Why a job is not running, and what to do about it.
 *
 * @module
 */

import type { JSX } from "preact";
import { part } from "./api.ts";
import { Card, Command, UserText } from "./components.tsx";
import type { ExplanationJson, JobJson } from "./job_shapes.ts";
import { useResource } from "./resource.ts";

/** The answer; nothing before it has come, and nothing about a job that simply runs. */
export function Why({ job: { id, state } }: { readonly job: JobJson }): JSX.Element | null {
  const answer = useResource<ExplanationJson>(`/jobs/${part(id)}/explain`).state.value.data;
  if (answer === undefined || answer.reason === "running") return null;
  return (
    <Card title={state === "processing" ? "How it stands" : "Why it is not running"}>
      <div class="why">
        <Cause text={answer.text} hint={answer.hint} />
        {answer.also.map(({ reason, text, hint }) => (
          <Cause key={reason} text={`Also, ${text}`} hint={hint} />
        ))}
      </div>
    </Card>
  );
}

function Cause(
  { text, hint }: { readonly text: string; readonly hint: string | null },
): JSX.Element {
  // A hint is a word or two, a colon, and the command to type.
  const [, aim, command] = /^([^:]*): (queuectl .*)$/s.exec(hint ?? "") ?? [];
  return (
    <div class="cause">
      <p>
        <UserText text={text} />
      </p>
      {command === undefined ? null : (
        <div class="cause-hint">
          <span class="faint">{aim}:</span> <Command text={command} />
        </div>
      )}
    </div>
  );
}
