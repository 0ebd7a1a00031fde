/**
 * Every rule for inputs.
 *
 * @module
 */

import { COMMAND_LINE_PROPERTIES } from "./command_lines.ts";
import { OUTPUT_PROPERTIES } from "./hostile_output.ts";
import { JOB_PROPERTIES } from "./job_inputs.ts";
import type { InputProperty } from "./property.ts";
import { RECORD_PROPERTIES } from "./record_inputs.ts";

/** In the order in which they are checked. */
export const INPUT_PROPERTIES: readonly InputProperty[] = [
  ...JOB_PROPERTIES,
  ...COMMAND_LINE_PROPERTIES,
  ...RECORD_PROPERTIES,
  ...OUTPUT_PROPERTIES,
];
