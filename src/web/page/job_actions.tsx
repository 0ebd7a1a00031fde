/// <reference lib="dom" />
/**
 * What can be done with one job.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { sourcesOf, type State, WAITING_STATES } from "../../job/state.ts";
import { part, post, remove } from "./api.ts";
import { confirm } from "./dialog.tsx";
import type { JobJson } from "./job_shapes.ts";
import { useShortcuts } from "./keyboard.ts";
import { useBusy } from "./resource.ts";
import { linkTo, navigate, PATHS, setQuery } from "./router.ts";
import { attempt, toast } from "./toasts.tsx";

/** What the buttons are told. */
export interface JobActionsProps {
  readonly job: JobJson;
  /** The job is no longer what it was. */
  readonly onDone: () => void;
}

/** The buttons that the job's state allows. */
export function JobActions({ job, onDone }: JobActionsProps): JSX.Element {
  const { id, state } = job;
  const { busy, run } = useBusy();
  const pressed = useRef(false);
  useEffect(() => {
    // The button that was pressed may be gone, and the focus with it.
    const isLost = document.activeElement === document.body;
    if (pressed.current && isLost) document.querySelector<HTMLElement>("main h1")?.focus();
    pressed.current = false;
  }, [state]);
  const ask = (path: string, done: string) =>
    run(async () => {
      pressed.current = true;
      await attempt(() => post(`/jobs/${part(id)}/${path}`), done);
      onDone();
    });
  const retry = () => {
    if (may.retry(state)) void ask("retry", "It begins again");
  };
  const cancel = async () => {
    if (!may.cancel(state)) return;
    const running = state === "processing";
    const sure = await confirm({
      title: "Cancel this job?",
      text: running ? "It is running: its processes are ended." : "It never runs.",
      action: "Yes, cancel it",
      dismiss: "No, keep it",
      danger: true,
    });
    if (sure) await ask("cancel", running ? "Its end was asked for" : "Cancelled");
  };
  const erase = async () => {
    const sure = await confirm({
      title: "Delete this job?",
      text: "It goes for good, with its attempts and its output.",
      action: "Delete 1 job",
      danger: true,
    });
    if (!sure) return;
    await run(async () => {
      if (!await attempt(() => remove(`/jobs/${part(id)}`))) return onDone();
      toast("Deleted");
      navigate(PATHS.jobs);
    });
  };
  const edit = () => {
    if (may.edit(state)) setQuery({ edit: "1" });
  };
  useShortcuts([
    { keys: "r", does: "Retry the job", run: retry },
    { keys: "c", does: "Cancel the job", run: () => void cancel() },
    { keys: "e", does: "Edit the job", run: edit },
  ]);
  const button = (name: string, allowed: boolean, press: () => void, kind = "") =>
    allowed
      ? (
        <button type="button" class={kind} aria-disabled={busy.value} onClick={press}>
          {name}
        </button>
      )
      : null;
  return (
    <>
      {button("Release", may.release(state), () => void ask("release", "It may run"), "primary")}
      {button("Retry", may.retry(state), retry, state === "completed" ? "" : "primary")}
      {button("Edit", may.edit(state), edit)}
      {button("Cancel", may.cancel(state), () => void cancel())}
      <a class="button" href={linkTo(PATHS.enqueue, { again: id })}>Enqueue again</a>
      {button("Delete", may.delete(state), () => void erase(), "danger")}
    </>
  );
}

/** Which states allow what. */
const may = {
  retry: (state: State) => sourcesOf("retry").includes(state),
  cancel: (state: State) => WAITING_STATES.includes(state) || state === "processing",
  release: (state: State) => state === "held",
  edit: (state: State) => WAITING_STATES.includes(state),
  delete: (state: State) => state !== "processing",
};
