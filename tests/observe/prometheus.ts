/**
 * A reader of the text format of Prometheus (version 0.0.4) that takes nothing that Prometheus would not.
 *
 * @module
 */

/** A metric as it was read. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ReadSample[];
}

/** A line as it was read. */
export interface ReadSample {
  /** With `_bucket` and the like. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{((?:${LABEL}(?:,|(?=\\})))*)\\})? (\\S+)$`);

/** Reads a text; throws at the first line that is not as it should be. */
export function readMetricsText(text: string): Map<string, Metric> {
  if (!text.endsWith("\n")) throw new Error("The text does not end with a line feed");
  const metrics = new Map<string, Metric & { samples: ReadSample[] }>();
  const seen = new Set<string>();
  let current: (Metric & { samples: ReadSample[] }) | null = null;
  const lines = text.slice(0, -1).split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const [, name, help] = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line) ?? [];
    if (name !== undefined) {
      const type = new RegExp(`^# TYPE ${name} (counter|gauge|histogram)$`).exec(lines[++i]!)?.[1];
      if (type === undefined) throw new Error(`No type after: ${line}`);
      if (metrics.has(name)) throw new Error(`Twice: ${name}`);
      current = { name, help: unescape(help!), type, samples: [] };
      metrics.set(name, current);
      continue;
    }
    const sample = readSample(line);
    const suffix = current && sample.name.slice(current.name.length);
    const isOfIt = current !== null && sample.name.startsWith(current.name) &&
      (current.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""]).includes(suffix!);
    if (!isOfIt) throw new Error(`Not of ${current?.name}: ${line}`);
    const series = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(series)) throw new Error(`Twice: ${line}`);
    seen.add(series);
    current!.samples.push(sample);
  }
  for (const metric of metrics.values()) check(metric);
  return metrics;
}

/** The value of the one sample with these labels; null if there is none. */
export function valueOf(
  metrics: ReadonlyMap<string, Metric>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | null {
  const family = metrics.get(name) ?? metrics.get(name.replace(/_(bucket|sum|count)$/, ""));
  const found = family?.samples.filter((sample) =>
    sample.name === name &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  ) ?? [];
  if (found.length > 1) throw new Error(`${found.length} samples of ${name}`);
  return found[0]?.value ?? null;
}

function readSample(line: string): ReadSample {
  const match = SAMPLE.exec(line);
  if (match === null) throw new Error(`Not a sample: ${line}`);
  const labels: Record<string, string> = {};
  for (const [, label = "", value = ""] of (match[2] ?? "").matchAll(new RegExp(LABEL, "g"))) {
    if (Object.hasOwn(labels, label)) throw new Error(`A label twice: ${line}`);
    labels[label] = unescape(value);
  }
  const text = match.at(-1)!;
  const value = text === "+Inf" ? Infinity : Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new Error(`Not a number: ${line}`);
  return { name: match[1]!, labels, value };
}

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
}

/** Counters and buckets that no scraper would take, and names against the conventions. */
function check({ name, help, type, samples }: Metric): void {
  if (help === "" || help.endsWith(".")) throw new Error(`The help of ${name}: ${help}`);
  if (samples.length === 0) throw new Error(`No samples: ${name}`);
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`Not a name: ${name}`);
  if (type !== "gauge" && samples.some(({ value }) => value < 0)) throw new Error(name);
  if (type !== "histogram") return;
  const series = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest));
  for (const [labels, all] of series) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le } }) => le === "+Inf" ? Infinity : Number(le));
    const counts = buckets.map(({ value }) => value);
    const isAscending = (list: readonly number[]) => list.every((n, i) => !(n < list[i - 1]!));
    const total = all.find((sample) => sample.name === `${name}_count`)?.value;
    const hasSum = all.some((sample) => sample.name === `${name}_sum`);
    if (
      bounds.at(-1) !== Infinity || new Set(bounds).size < bounds.length || !hasSum ||
      !isAscending(bounds) || !isAscending(counts) || counts.at(-1) !== total
    ) throw new Error(`The buckets of ${name}${labels}: ${bounds}: ${counts}, of ${total}`);
  }
}
