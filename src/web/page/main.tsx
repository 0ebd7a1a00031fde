/// <reference lib="dom" />
/**
 * The entry of the page.
 *
 * @module
 */

// First: what it mends is read as other modules load.
import "./locale.ts";
import { render } from "preact";
import { startClock } from "./clock.ts";
import { startKeyboard } from "./keyboard.ts";
import { startRouter } from "./router.ts";
import { startSession } from "./session.ts";
import { Shell } from "./shell.tsx";
import { startTheme } from "./theme.ts";

startTheme();
startRouter();
startKeyboard();
startClock();
void startSession();
render(<Shell />, document.getElementById("page")!);
