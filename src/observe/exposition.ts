/**
 * The text format of Prometheus, version 0.0.4.
 *
 * @module
 */

/** The media type of the text. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Names and values that tell the samples of a family apart. */
export type Labels = Readonly<Record<string, string>>;

/** One line. */
export interface Sample {
  readonly labels?: Labels;
  readonly value: number;
}

/** What a histogram has counted for one set of labels. */
export interface HistogramSample {
  readonly labels?: Labels;
  /** How many values were at most the bound of the same index, those of lower bounds among them. */
  readonly cumulative: readonly number[];
  /** How many values there were at all. */
  readonly count: number;
  /** Of all values. */
  readonly sum: number;
}

interface Described {
  readonly name: string;
  /** One sentence, without full stop. */
  readonly help: string;
}

/** A metric with all its samples. */
export type Family =
  | Described & { readonly type: "gauge" | "counter"; readonly samples: readonly Sample[] }
  | Described & {
    readonly type: "histogram";
    /** The upper bounds, ascending, without the infinite one. */
    readonly bounds: readonly number[];
    readonly samples: readonly HistogramSample[];
  };

/** A gauge with one sample. */
export function gauge(name: string, help: string, value: number): Family {
  return { type: "gauge", name, help, samples: [{ value }] };
}

/** A counter with one sample. */
export function counter(name: string, help: string, value: number): Family {
  return { type: "counter", name, help, samples: [{ value }] };
}

/** The families as text; one without samples is left out. */
export function exposition(families: readonly Family[]): string {
  return families.filter(({ samples }) => samples.length > 0).map(familyText).join("");
}

function familyText(family: Family): string {
  const { name, help, type } = family;
  const lines = type === "histogram"
    ? family.samples.flatMap((sample) => histogramLines(name, family.bounds, sample))
    : family.samples.map(({ labels, value }) => line(name, labels, value));
  return `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, cumulative, count, sum }: HistogramSample,
): string[] {
  const bucket = (le: string, value: number) => line(`${name}_bucket`, { ...labels, le }, value);
  return [
    ...bounds.map((bound, i) => bucket(String(bound), cumulative[i]!)),
    bucket("+Inf", count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

function line(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
