/// <reference lib="dom" />
/**
 * Whether somebody is about to click: then nothing may move.
 *
 * @module
 */

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { freshList, holdList, type SteadyList } from "./steady_list.ts";

/** Whether somebody points at an element or has the focus in it, and what tells so. */
export interface Hold {
  readonly held: ReadonlySignal<boolean>;
  /** For the element. */
  readonly handlers: {
    readonly onPointerEnter: (event: PointerEvent) => void;
    readonly onPointerLeave: () => void;
    readonly onFocusCapture: () => void;
    readonly onBlurCapture: () => void;
  };
  /** Lets go until the pointer or the focus comes anew. */
  readonly release: () => void;
}

/** Watches an element. */
export function useHold(): Hold {
  const held = useSignal(false);
  return useMemo(() => {
    const by = { pointer: false, focus: false };
    const tell = (changes: Partial<typeof by>) => {
      Object.assign(by, changes);
      held.value = by.pointer || by.focus;
    };
    return {
      held,
      handlers: {
        // A finger points only while it touches.
        onPointerEnter: (event) => event.pointerType === "mouse" && tell({ pointer: true }),
        onPointerLeave: () => tell({ pointer: false }),
        onFocusCapture: () => tell({ focus: true }),
        onBlurCapture: () => tell({ focus: false }),
      },
      release: () => tell({ pointer: false, focus: false }),
    };
  }, []);
}

/**
 * The items as they are; while `holding`, those that were there stay where they are.
 *
 * @param items undefined: not known now, the last ones stay
 */
export function useSteadyItems<T>(
  items: readonly T[] | undefined,
  keyOf: (item: T) => string,
  holding: boolean,
): SteadyList<T> {
  const kept = useRef<SteadyList<T>>(freshList([]));
  if (items !== undefined) {
    kept.current = holding && kept.current.rows.length > 0
      ? holdList(kept.current, items, keyOf)
      : freshList(items);
  }
  return kept.current;
}
