/// <reference lib="dom" />
/**
 * The way around the page, with what is there to see.
 *
 * @module
 */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatCount } from "./format.ts";
import { helpOpen } from "./keyboard.ts";
import { connection, status } from "./live.ts";
import { PATHS, place, view } from "./router.ts";
import { canWrite, logout, session } from "./session.ts";
import { nextTheme, theme } from "./theme.ts";
import { attempt } from "./toasts.tsx";

const menuOpen = signal(false);

interface Entry {
  readonly name: keyof typeof PATHS;
  readonly title: string;
  readonly count: number | null;
  readonly alarming?: boolean;
}

function entries(): readonly Entry[] {
  const known = status.value;
  const live = known?.workers.filter(({ state }) => state !== "lost").length ?? null;
  const dead = known?.jobs.dead ?? null;
  return [
    { name: "overview", title: "Overview", count: null },
    { name: "jobs", title: "Jobs", count: known?.jobs.total ?? null },
    { name: "dlq", title: "Dead letters", count: dead, alarming: (dead ?? 0) > 0 },
    { name: "queues", title: "Queues", count: known?.queues.length ?? null },
    { name: "workers", title: "Workers", count: live },
    { name: "schedules", title: "Schedules", count: null },
  ];
}

/** The column at the side; on a narrow screen a bar at the top with a menu. */
export function Sidebar(): JSX.Element {
  const { path } = place.value;
  useEffect(() => {
    menuOpen.value = false;
  }, [path]);
  return (
    <header class="side">
      <div class="brand-row">
        <a class="brand" href="/">
          <Mark />queuectl
        </a>
        <button
          type="button"
          class="menu-button"
          aria-expanded={menuOpen.value}
          aria-controls="menu"
          onClick={() => menuOpen.value = !menuOpen.value}
        >
          Menu
        </button>
      </div>
      <div id="menu" class={menuOpen.value ? "menu open" : "menu"}>
        <nav aria-label="Views">
          <ul>{entries().map((entry) => <NavLink key={entry.name} {...entry} />)}</ul>
        </nav>
        {canWrite.value
          ? (
            <a
              class="button primary enqueue-link"
              href={PATHS.enqueue}
              aria-current={path === PATHS.enqueue ? "page" : undefined}
            >
              Enqueue a job
            </a>
          )
          : null}
        <Foot />
      </div>
    </header>
  );
}

function NavLink({ name, title, count, alarming = false }: Entry): JSX.Element {
  const shown = view.value.name === "job" ? "jobs" : view.value.name;
  return (
    <li>
      <a href={PATHS[name]} aria-current={shown === name ? "page" : undefined}>
        <span>{title}</span>
        {count === null
          ? null
          : <span class={alarming ? "count alarming" : "count"}>{formatCount(count)}</span>}
      </a>
    </li>
  );
}

const PULSE = { open: "Live", connecting: "Connecting…", away: "No connection", asleep: "Asleep" };

function Foot(): JSX.Element {
  const known = session.value;
  return (
    <div class="foot">
      <p class={`pulse pulse-${connection.value}`}>{PULSE[connection.value]}</p>
      {known?.read_only === true
        ? <p class="read-only" title="The dashboard was started with --read-only">Read-only</p>
        : null}
      <div class="foot-row">
        <button
          type="button"
          class="quiet"
          aria-label={`Theme: ${theme.value}. Change to ${nextTheme(theme.value)}`}
          onClick={() => theme.value = nextTheme(theme.value)}
        >
          Theme: {theme.value}
        </button>
        <button
          type="button"
          class="quiet"
          aria-label="Keyboard shortcuts"
          onClick={() => helpOpen.value = true}
        >
          <kbd>?</kbd>
        </button>
        {known?.token_required === true
          ? (
            <button type="button" class="quiet" onClick={() => void attempt(logout)}>
              Log out
            </button>
          )
          : null}
      </div>
      {known === null ? null : <p class="version">queuectl {known.version}</p>}
    </div>
  );
}

/** Three bars in a line, the first one on its way. */
function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <rect x="2" y="4" width="12" height="4" rx="2" />
      <rect x="2" y="10" width="16" height="4" rx="2" />
      <rect class="mark-lead" x="8" y="16" width="14" height="4" rx="2" />
    </svg>
  );
}
