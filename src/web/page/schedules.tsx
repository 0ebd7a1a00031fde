/// <reference lib="dom" />
/**
 * The schedules: what they enqueue, and when they fire next.
 *
 * @module
 */

import type { JSX } from "preact";
import { part, post, remove } from "./api.ts";
import { Card, Empty, JobLink, Loading, PageHead, Problem, Time, UserText } from "./components.tsx";
import { confirm } from "./dialog.tsx";
import { countOf, formatFull } from "./format.ts";
import { navigate } from "./router.ts";
import { jobPath } from "./router.ts";
import { useBusy, useResource } from "./resource.ts";
import { canWrite } from "./session.ts";
import type { NextScheduleJson } from "./shapes.ts";
import { attempt } from "./toasts.tsx";

const EXAMPLE = `queuectl schedule add nightly --cron "0 3 * * *" -- ./backup.sh`;

/** The view. */
export function Schedules(): JSX.Element {
  const { state, reload } = useResource<readonly NextScheduleJson[]>("/schedules");
  const { data, error } = state.value;
  return (
    <>
      <PageHead title="Schedules" note={data === undefined ? "" : summary(data)} />
      {error === null ? null : <Problem error={error} />}
      {data === undefined
        ? error === null ? <Loading /> : null
        : data.length === 0
        ? (
          <Empty title="No schedules yet" command={EXAMPLE}>
            A schedule enqueues a job each time its cron expression fires, exactly once, however
            many workers run:
          </Empty>
        )
        : (
          <div class="cards">
            {data.map((schedule) => (
              <ScheduleCard key={schedule.name} schedule={schedule} reload={reload} />
            ))}
          </div>
        )}
    </>
  );
}

function summary(schedules: readonly NextScheduleJson[]): string {
  const paused = schedules.filter((schedule) => schedule.paused).length;
  return countOf(schedules.length, "schedule") + (paused === 0 ? "" : `, ${paused} paused`);
}

function ScheduleCard(
  { schedule, reload }: { readonly schedule: NextScheduleJson; readonly reload: () => void },
): JSX.Element {
  const { name, cron, timezone, paused, next, last_at, last_job, command, job } = schedule;
  return (
    <Card
      kind="far"
      title={<UserText text={name} cut />}
      aside={paused
        ? <span class="badge state-held">paused</span>
        : <span class="badge state-scheduled">active</span>}
    >
      <p class="cron">
        <code>{cron}</code> <span class="faint">{timezone}</span>
      </p>
      <p class="one-line">
        <code>
          <UserText text={command} cut />
        </code>
      </p>
      <dl class="facts">
        <div>
          <dt>Last</dt>
          <dd>
            <Time at={last_at} />
            {last_job === null ? null : (
              <>
                {" "}
                <JobLink id={last_job} short />
              </>
            )}
          </dd>
        </div>
        {typeof job.queue === "string"
          ? (
            <div>
              <dt>Queue</dt>
              <dd>
                <UserText text={job.queue} cut />
              </dd>
            </div>
          )
          : null}
      </dl>
      <Firings next={next} paused={paused} timezone={timezone} />
      {canWrite.value ? <Actions schedule={schedule} reload={reload} /> : null}
    </Card>
  );
}

function Firings(
  { next, paused, timezone }: {
    readonly next: readonly string[];
    readonly paused: boolean;
    readonly timezone: string;
  },
): JSX.Element {
  if (paused) return <p class="note">It does not fire while it is paused.</p>;
  if (next.length === 0) return <p class="note">It never fires again.</p>;
  return (
    <div>
      <h3>Next firings</h3>
      <ol class="firings">
        {next.map((at) => (
          <li key={at}>
            <span class="number">{inZone(at, timezone)}</span> <Time at={at} />
          </li>
        ))}
      </ol>
    </div>
  );
}

/** The time as a clock in the zone of the schedule shows it; in the reader's where that is unknown. */
function inZone(at: string, timezone: string): string {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone: timezone,
      weekday: "short",
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    }).format(Date.parse(at));
  } catch {
    return formatFull(Date.parse(at));
  }
}

function Actions(
  { schedule: { name, paused }, reload }: {
    readonly schedule: NextScheduleJson;
    readonly reload: () => void;
  },
): JSX.Element {
  const { busy, run } = useBusy();
  const path = `/schedules/${part(name)}`;
  const toggle = () =>
    run(async () => {
      await attempt(
        () => post(`${path}/${paused ? "resume" : "pause"}`),
        paused ? `Schedule ${name} goes on` : `Schedule ${name} is paused`,
      );
      reload();
    });
  const fire = () =>
    run(async () => {
      await attempt(async () => {
        const { id } = await post<{ readonly id: string }>(`${path}/run`);
        navigate(jobPath(id));
      }, `Schedule ${name} has enqueued a job`);
    });
  const drop = () =>
    run(async () => {
      const yes = await confirm({
        title: `Remove the schedule ${name}?`,
        text: "Jobs that it has enqueued stay. It cannot be undone.",
        action: "Remove 1 schedule",
        danger: true,
      });
      if (!yes) return;
      await attempt(() => remove(path), `Schedule ${name} is removed`);
      reload();
    });
  return (
    <div class="actions">
      <button
        type="button"
        class="small"
        aria-disabled={busy.value}
        onClick={fire}
        aria-label={`Run now: schedule ${name}`}
      >
        Run now
      </button>
      <button
        type="button"
        class="small"
        aria-disabled={busy.value}
        onClick={toggle}
        aria-label={`${paused ? "Resume" : "Pause"} schedule ${name}`}
      >
        {paused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        class="small danger"
        aria-disabled={busy.value}
        onClick={drop}
        aria-label={`Remove schedule ${name}`}
      >
        Remove
      </button>
    </div>
  );
}
