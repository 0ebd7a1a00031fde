/// <reference lib="dom" />
/**
 * Where the page is: everything that a link or the back button should bring back stands in the URL.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";

/** What stands behind the `?`; an empty value is not kept. */
export type Query = Readonly<Record<string, string>>;

/** A URL of the page, taken apart. */
export interface Place {
  readonly path: string;
  readonly query: Query;
}

/** The views that have no argument, by their paths. */
export const PATHS = {
  overview: "/",
  jobs: "/jobs",
  dlq: "/dlq",
  queues: "/queues",
  workers: "/workers",
  schedules: "/schedules",
  enqueue: "/enqueue",
} as const;

/** What a path shows. */
export type View =
  | { readonly name: keyof typeof PATHS }
  | { readonly name: "job"; readonly id: string }
  | { readonly name: "unknown" };

/** Reads a path; a slash at its end does not matter. */
export function readView(path: string): View {
  const clean = path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
  for (const [name, known] of Object.entries(PATHS)) {
    if (clean === known) return { name: name as keyof typeof PATHS };
  }
  if (clean.startsWith("/jobs/")) {
    // Ids may hold slashes: `/jobs/a/b`, as somebody types it, is the job `a/b`.
    const id = decode(clean.slice("/jobs/".length));
    if (id !== null && id !== "") return { name: "job", id };
  }
  return { name: "unknown" };
}

/** The path of a job's view. */
export function jobPath(id: string): string {
  return `/jobs/${encodeURIComponent(id)}`;
}

/** Reads `location.search`. A key that comes twice is taken as a list with commas. */
export function readQuery(search: string): Query {
  // Without a prototype: a key may be called `__proto__`.
  const query: Record<string, string> = Object.create(null);
  for (const [key, value] of new URLSearchParams(search)) {
    if (value === "") continue;
    query[key] = key in query ? `${query[key]},${value}` : value;
  }
  return query;
}

/** A link to a view: the path with what of the query is not empty. */
export function linkTo(path: string, query: Readonly<Record<string, string | null>> = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== "") search.set(key, value);
  }
  // A comma needs no escape, and lists of states read better without.
  const text = search.toString().replaceAll("%2C", ",");
  return text === "" ? path : `${path}?${text}`;
}

const here = signal<Place>({ path: "/", query: {} });

/** Where the page is now. */
export const place: ReadonlySignal<Place> = here;

/** What it shows. */
export const view: ReadonlySignal<View> = computed(() => readView(here.value.path));

/** Goes up with every move to another view by the user, not when the query alone changes. */
export const arrivals: ReadonlySignal<number> = computed(() => arrived.value);
const arrived = signal(0);

/**
 * Goes to a link of the page.
 *
 * @param options `replace`: the place that is left is not one to go back to
 */
export function navigate(link: string, options: { readonly replace?: boolean } = {}): void {
  if (link === location.pathname + location.search) return;
  if (options.replace ?? false) history.replaceState(null, "", link);
  else history.pushState(null, "", link);
  const samePath = location.pathname === here.value.path;
  read();
  if (!samePath) {
    scrollTo(0, 0);
    arrived.value++;
  }
}

/**
 * Changes keys of the query where the page is.
 *
 * @param changes a value, or null to drop the key
 * @param options `replace`: while somebody types; each letter is no place to go back to
 */
export function setQuery(
  changes: Readonly<Record<string, string | null>>,
  options: { readonly replace?: boolean } = {},
): void {
  const { path, query } = here.value;
  navigate(linkTo(path, { ...query, ...changes }), options);
}

/** Begins to follow the address bar, the back button and the clicks on links of the page. */
export function startRouter(): void {
  read();
  addEventListener("popstate", () => {
    const { path } = here.value;
    read();
    if (here.value.path !== path) arrived.value++;
  });
  document.addEventListener("click", (event) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (link && isOurs(link, event)) {
      event.preventDefault();
      navigate(link.pathname + link.search);
    }
  });
}

/** Whether a click stays in the page; one that asks for a new tab or a download does not. */
function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  const plain = event.button === 0 && !event.defaultPrevented &&
    !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  return plain && link.origin === location.origin && link.target === "" &&
    !link.hasAttribute("download") && link.getAttribute("href")?.startsWith("#") !== true &&
    !link.pathname.startsWith("/api/") && readView(link.pathname).name !== "unknown";
}

function read(): void {
  here.value = { path: location.pathname, query: readQuery(location.search) };
}

/** Null if the text is no URI component. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
