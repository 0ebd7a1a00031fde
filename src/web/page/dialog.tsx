/// <reference lib="dom" />
/**
 * Dialogs: the browser's own, so that focus stays in them and Esc closes them.
 *
 * @module
 */

import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { escapeText } from "../../escape.ts";
import { place } from "./router.ts";

/** What a dialog is made of. */
export interface DialogProps {
  readonly title: string;
  /** What Esc does. */
  readonly onClose: () => void;
  /** A click beside it closes it too: only where nothing is lost. */
  readonly light?: boolean;
  readonly children: ComponentChildren;
}

/** A dialog that is open as long as it is rendered. The focus goes back to where it was. */
export function Dialog({ title, onClose, light = false, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        if (light && event.target === element.current) onClose();
      }}
    >
      <div class="dialog-body">
        <h2 id={id}>{escapeText(title)}</h2>
        {children}
      </div>
    </dialog>
  );
}

/** What is asked before something is done. */
export interface Question {
  /** Such as `Delete 1,204 jobs?`: it names the number. */
  readonly title: string;
  /** What follows from it. */
  readonly text?: string;
  /** On the button that does it, such as `Delete 1,204 jobs`. */
  readonly action: string;
  /** On the button that does nothing; `Cancel` says it, but where cancelling is what is asked about. */
  readonly dismiss?: string;
  /** It cannot be undone. */
  readonly danger?: boolean;
}

interface Asked extends Question {
  readonly answer: (yes: boolean) => void;
}

const asked = signal<Asked | null>(null);

/** Asks the user; false if they think better of it. A question that is open is answered with no. */
export function confirm(question: Question): Promise<boolean> {
  asked.value?.answer(false);
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(yes) {
        asked.value = null;
        resolve(yes);
      },
    };
  });
}

/** Where the question appears. */
export function ConfirmHost(): JSX.Element | null {
  const question = asked.value;
  const { path } = place.value;
  // Whoever goes back means: no.
  useEffect(() => asked.peek()?.answer(false), [path]);
  if (question === null) return null;
  const { title, text, action, dismiss = "Cancel", danger = false, answer } = question;
  return (
    <Dialog title={title} light onClose={() => answer(false)}>
      {text === undefined ? null : <p>{escapeText(text)}</p>}
      <div class="dialog-actions">
        {/* What changes nothing comes first, and has the focus. */}
        <button type="button" autofocus onClick={() => answer(false)}>{dismiss}</button>
        <button type="button" class={danger ? "danger" : "primary"} onClick={() => answer(true)}>
          {escapeText(action)}
        </button>
      </div>
    </Dialog>
  );
}
