/// <reference lib="dom" />
/**
 * Light or dark: as the system has it, or as the user says.
 *
 * @module
 */

import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { recall, remember } from "./storage.ts";

/** What the user says; `system`: nothing. */
export type Theme = "system" | "light" | "dark";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const DARK = matchMedia("(prefers-color-scheme: dark)");

/** What the user says. */
export const theme = signal<Theme>(known(recall("theme")));

const systemDark = signal(DARK.matches);
const darkNow = signal(false);

/** Whether it is dark now; for what is drawn and not styled. */
export const dark: ReadonlySignal<boolean> = darkNow;

/** The one after this one. */
export function nextTheme(from: Theme): Theme {
  return THEMES[(THEMES.indexOf(from) + 1) % THEMES.length]!;
}

/** Puts the theme on the page, now and whenever it changes. */
export function startTheme(): void {
  DARK.addEventListener("change", () => systemDark.value = DARK.matches);
  effect(() => {
    remember("theme", theme.value === "system" ? null : theme.value);
    if (theme.value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme.value;
    // Last, so that whoever reads colours finds the new ones.
    darkNow.value = theme.value === "system" ? systemDark.value : theme.value === "dark";
  });
}

function known(text: string | null): Theme {
  return THEMES.find((name) => name === text) ?? "system";
}
