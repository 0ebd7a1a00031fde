/// <reference lib="dom" />
/**
 * The first view: what is there, what goes on, and how well.
 *
 * @module
 */

import type { JSX } from "preact";
import type { State } from "../../job/state.ts";
import { Card, Command, Empty, Loading, PageHead, UserText } from "./components.tsx";
import { countOf, formatCount } from "./format.ts";
import { statistics, status } from "./live.ts";
import { Charts } from "./overview_charts.tsx";
import { Figures } from "./overview_figures.tsx";
import { isQuiet, WindowSwitch } from "./overview_window.tsx";
import { linkTo, PATHS } from "./router.ts";
import { canWrite } from "./session.ts";
import type { LiveStatus } from "./shapes.ts";

/** The way of a job, from left to right. */
const STAGES: readonly { readonly title: string; readonly states: readonly State[] }[] = [
  { title: "Waiting", states: ["held", "blocked", "scheduled", "pending", "failed"] },
  { title: "Running", states: ["processing"] },
  { title: "Ended", states: ["completed", "dead", "cancelled"] },
];

/** The view. */
export function Overview(): JSX.Element {
  const known = status.value;
  if (known === null) {
    return (
      <>
        <PageHead title="Overview" />
        <Loading />
      </>
    );
  }
  const day = statistics.value?.day;
  const hasHistory = known.jobs.total > 0 || (day !== undefined && !isQuiet(day));
  return (
    <>
      <PageHead
        title="Overview"
        note={
          <span class="store">
            <UserText text={known.store} />
          </span>
        }
      >
        {hasHistory ? <WindowSwitch /> : undefined}
      </PageHead>
      {known.jobs.total === 0 ? <Welcome /> : <NextStep status={known} />}
      <div class="stages">
        {STAGES.map((stage) => (
          <section key={stage.title} class="stage-group" aria-label={stage.title}>
            <h2>{stage.title}</h2>
            <div class="tiles">
              {stage.states.map((state) => (
                <a
                  key={state}
                  class={`tile state-${state}${known.jobs[state] === 0 ? " none" : ""}`}
                  href={state === "dead" ? PATHS.dlq : linkTo(PATHS.jobs, { state })}
                >
                  <Count of={known.jobs[state]} />
                  <span class="tile-name">{state}</span>
                </a>
              ))}
            </div>
          </section>
        ))}
      </div>
      {!hasHistory ? null : (
        <>
          <Figures status={known} />
          <Charts />
        </>
      )}
    </>
  );
}

/** A number that is never cut: a long one is smaller. */
function Count({ of }: { readonly of: number }): JSX.Element {
  const text = formatCount(of);
  const size = text.length > 9 ? " longer" : text.length > 6 ? " long" : "";
  return <span class={`tile-count${size}`}>{text}</span>;
}

/** For who has enqueued nothing yet. */
function Welcome(): JSX.Element {
  return (
    <Card kind="welcome">
      <Empty title="No jobs yet">
        A job is a shell command that runs in the background and is not lost. Enqueue one{" "}
        {canWrite.value ? <a href={PATHS.enqueue}>with the form</a> : null}
        {canWrite.value ? " or " : ""}from a terminal, then start a worker to run it:
      </Empty>
      <ol class="first-steps">
        <li>
          <Command text="queuectl enqueue -- echo hello" />
        </li>
        <li>
          <Command text="queuectl worker start --count 4" />
        </li>
      </ol>
    </Card>
  );
}

/** What somebody should do, if anything. */
function NextStep(
  { status: { jobs, workers } }: { readonly status: LiveStatus },
): JSX.Element | null {
  const open = jobs.total - jobs.completed - jobs.dead - jobs.cancelled;
  if (open === 0 || workers.some(({ state }) => state !== "lost")) return null;
  return (
    <div class="advice">
      <p>
        <strong>No worker is running.</strong> {countOf(open, "job")}{" "}
        {open === 1 ? "waits" : "wait"} for one:
      </p>
      <Command text="queuectl worker start --count 4" />
    </div>
  );
}
