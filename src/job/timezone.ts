/**
 * Time zones by their IANA names.
 *
 * @module
 */

import { nearest } from "../nearest.ts";
import { quote } from "../quote.ts";

/**
 * Reads the name of a time zone; upper and lower case are the same.
 *
 * @throws {RangeError} if there is none of that name; the message completes a sentence that begins with
 * the name of what was read
 */
export function parseTimezone(text: string): string {
  const name = text.trim();
  const known = resolveTimezone(name);
  if (known !== null && /^[a-z]/i.test(name)) {
    // An older or newer name of the same zone, such as Asia/Kolkata, stays what it is.
    return known.toLowerCase() === name.toLowerCase() ? known : name;
  }
  const meant = findTimezone(name);
  throw new RangeError(
    `must be an IANA time zone such as Europe/Berlin or UTC, not ${quote(text)}` +
      (meant === null ? "" : `, did you mean "${meant}"?`),
  );
}

/** The time zone of this machine; UTC where it is not known. */
export function localTimezone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return resolveTimezone(timeZone) ?? "UTC";
}

/** A time as a clock in the zone shows it, RFC 3339 with its offset: `2030-01-31T18:00:00+01:00`. */
export function formatInTimezone(time: number, timezone: string): string {
  const shown = new Intl.DateTimeFormat("en", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "longOffset",
  }).formatToParts(time);
  const part = Object.fromEntries(shown.map(({ type, value }) => [type, value]));
  const offset = part.timeZoneName!.replace("GMT", "") || "+00:00";
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}${offset}`;
}

/** The name that the runtime has for a zone, or null. */
function resolveTimezone(name: string): string | null {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
}

/** The zone that was probably meant: `berlin` is a part of a name, `Europe/Belrin` a slip. */
function findTimezone(name: string): string | null {
  const zones = Intl.supportedValuesOf("timeZone");
  const city = name.toLowerCase().replaceAll(" ", "_");
  const found = zones.find((zone) => zone.toLowerCase().endsWith(`/${city}`));
  return found ?? nearest(name, zones);
}
