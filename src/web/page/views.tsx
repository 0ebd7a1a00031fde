/// <reference lib="dom" />
/**
 * Which view shows what.
 *
 * @module
 */

import type { JSX } from "preact";
import { Dlq } from "./dlq.tsx";
import { Enqueue } from "./enqueue.tsx";
import { JobView } from "./job.tsx";
import { Jobs } from "./jobs.tsx";
import { Overview } from "./overview.tsx";
import { Queues } from "./queues.tsx";
import type { View } from "./router.ts";
import { Schedules } from "./schedules.tsx";
import { Workers } from "./workers.tsx";

type Known = Exclude<View, { readonly name: "unknown" }>;

/** The view. Two jobs are two views: nothing of the one stays in the other. */
export function ViewOf({ view }: { readonly view: Known }): JSX.Element | null {
  switch (view.name) {
    case "overview":
      return <Overview />;
    case "queues":
      return <Queues />;
    case "workers":
      return <Workers />;
    case "schedules":
      return <Schedules />;
    case "jobs":
      return <Jobs />;
    case "job":
      return <JobView key={view.id} id={view.id} />;
    case "dlq":
      return <Dlq />;
    case "enqueue":
      return <Enqueue />;
  }
}

/** What the window is called. */
export function titleOf(view: View): string {
  switch (view.name) {
    case "overview":
      return "Overview";
    case "jobs":
      return "Jobs";
    case "job":
      return `Job ${view.id}`;
    case "dlq":
      return "Dead letter queue";
    case "queues":
      return "Queues";
    case "workers":
      return "Workers";
    case "schedules":
      return "Schedules";
    case "enqueue":
      return "Enqueue a job";
    case "unknown":
      return "Not found";
  }
}
