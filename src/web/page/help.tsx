/// <reference lib="dom" />
/**
 * Which keys do what.
 *
 * @module
 */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { helpOpen, setShortcuts, shortcuts, shortcutsOn } from "./keyboard.ts";
import { place } from "./router.ts";

/** The help, while it is open. */
export function Help(): JSX.Element | null {
  const { path } = place.value;
  useEffect(() => {
    helpOpen.value = false;
  }, [path]);
  if (!helpOpen.value) return null;
  const close = () => helpOpen.value = false;
  return (
    <Dialog title="Keyboard" light onClose={close}>
      <dl class="keys">
        {shortcuts().map(({ keys, does }) => (
          <div key={keys}>
            <dt>{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={shortcutsOn.value}
          onChange={(event) => setShortcuts(event.currentTarget.checked)}
        />
        Use these keys
      </label>
      <div class="dialog-actions">
        <button type="button" autofocus onClick={close}>Close</button>
      </div>
    </Dialog>
  );
}
