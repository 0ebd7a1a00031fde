/** Whatever is typed, piped or stored, queuectl answers in a sentence. */

import { INPUT_PROPERTIES } from "./properties.ts";

for (const property of INPUT_PROPERTIES) {
  Deno.test(property.title, async () => {
    await property.check({ runs: property.runs });
  });
}
