/// <reference lib="dom" />
/**
 * What is around every view.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect, useErrorBoundary } from "preact/hooks";
import { escapeText } from "../../escape.ts";
import { messageOf } from "./api.ts";
import { Banner } from "./banner.tsx";
import { Empty, Loading, PageHead, Problem } from "./components.tsx";
import { ConfirmHost } from "./dialog.tsx";
import { Help } from "./help.tsx";
import { Login } from "./login.tsx";
import { Sidebar } from "./nav.tsx";
import { arrivals, view } from "./router.ts";
import { admitted, session, sessionUnreachable } from "./session.ts";
import { Toasts } from "./toasts.tsx";
import { titleOf, ViewOf } from "./views.tsx";

/** The whole page. */
export function Shell(): JSX.Element {
  if (session.value === null) {
    return (
      <main class="login" id="main">
        {sessionUnreachable.value
          ? (
            <Empty title="The dashboard's server does not answer" command="queuectl dashboard">
              The page tries again by itself. If the server has ended, start it:
            </Empty>
          )
          : <Loading />}
      </main>
    );
  }
  if (!admitted.value) return <Login />;
  return <Inside />;
}

function Inside(): JSX.Element {
  useArrivals();
  const shown = view.value;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>Skip to content</a>
      <div class="frame">
        <Sidebar />
        <div class="stage">
          <Banner />
          <main id="main">
            {shown.name === "unknown"
              ? (
                <>
                  <PageHead title="Not found" />
                  <Empty title="There is no such page">
                    <a href="/">Back to the overview</a>
                  </Empty>
                </>
              )
              : <Guarded key={titleOf(shown)} view={shown} />}
          </main>
        </div>
      </div>
      <Toasts />
      <ConfirmHost />
      <Help />
    </>
  );
}

/** A view; if it stumbles over something, the rest of the page stands. */
function Guarded({ view }: { readonly view: Parameters<typeof ViewOf>[0]["view"] }): JSX.Element {
  const [error, reset] = useErrorBoundary((error) => reportError(error));
  if (error === undefined) return <ViewOf view={view} />;
  return (
    <>
      <PageHead title={titleOf(view)}>
        <button type="button" onClick={reset}>Try again</button>
      </PageHead>
      <Problem error={new Error(`This view has failed: ${messageOf(error)}`)} />
    </>
  );
}

/** Whoever comes to a view is told so: the title of the window, and the focus on its heading. */
function useArrivals(): void {
  const shown = view.value;
  const name = shown.name === "job" ? `job ${shown.id}` : shown.name;
  const arrival = arrivals.value;
  useEffect(() => {
    document.title = escapeText(`${titleOf(shown)} · queuectl`);
  }, [name]);
  useEffect(() => {
    // Not at the very first: the browser begins at the top by itself.
    if (arrival > 0) focusHeading();
  }, [arrival]);
}

function skip(event: Event): void {
  event.preventDefault();
  focusHeading();
}

function focusHeading(): void {
  // A view that takes the focus itself, as a form does, keeps it.
  const main = document.querySelector("main");
  if (main?.contains(document.activeElement) === true) return;
  main?.querySelector<HTMLElement>("h1")?.focus({ preventScroll: true });
}
