/**
 * The jobs of the kill campaign, and the diary in which they write down what happens to them.
 *
 * @module
 */

import type { Stage } from "../../flows/stage.ts";
import type { Random } from "../random.ts";

/** Lines that a job of kind `output` writes between the first and the last line that all jobs write. */
export const OUTPUT_LINES = 200;

/** What jobs there are, and with how many retries; a lost attempt needs one, too. */
const KINDS = {
  instant: 30,
  short: 30,
  /** Fails until its third attempt. */
  flaky: 30,
  /** Fails always. */
  doomed: 1,
  /** Has children and grandchildren. */
  tree: 30,
  /** Has children in sessions of their own. */
  session: 30,
  /** Does not end at SIGTERM. */
  stubborn: 30,
  output: 30,
  /** The first loss is its end. */
  mortal: 0,
} as const;

/** A kind of job. */
export type Kind = keyof typeof KINDS;

/** The retries of a kind. */
export function retriesOf(kind: Kind): number {
  return KINDS[kind];
}

/** How an attempt of this kind ends if it is let alone; `attempts` counts those of this life. */
export const FAILURE = 3;

/**
 * Before it begins, an attempt looks at all processes that earlier ones have noted: one that lives and
 * carries another attempt's token is written down as a violation. `$$` and `$!` are noted.
 */
const SCRIPT = `
mine="$QUEUECTL_ATTEMPT_TOKEN"
pids="pids/$QUEUECTL_JOB_ID"
note() { echo "$1 $QUEUECTL_JOB_ID $mine $$ $PPID $(date +%s%N) $2" >> diary; }
keep() { echo "$1 $mine" >> "$pids"; }
leave() { note end "$1"; echo "end $mine"; exit "$1"; }
nap() { sleep "$1" & keep $!; wait $!; }
if test -e "$pids"; then
  while read -r pid of; do
    test "$of" = "$mine" && continue
    grep -qsxz "QUEUECTL_ATTEMPT_TOKEN=$of" "/proc/$pid/environ" &&
      echo "$QUEUECTL_JOB_ID: $pid of an earlier attempt lives" >> violations
  done < "$pids"
fi
keep $$
echo "begin $mine"
note begin -
case $1 in
instant | doomed) ;;
short | mortal) nap "$2" ;;
flaky) nap "$2"; test "$QUEUECTL_ATTEMPT" -ge 3 || leave ${FAILURE} ;;
tree)
  sh -c 'sleep "$1" & echo "$! $2"; sh -c "sleep $1; true" & echo "$! $2"; wait' - "$2" "$mine" \\
    >> "$pids" & keep $!
  wait $! ;;
session)
  setsid sleep "$2" & one=$!; keep $one
  setsid sh -c 'sleep "$1"; true' - "$2" & two=$!; keep $two
  wait $one $two ;;
stubborn) trap '' TERM; nap "$2" ;;
output)
  n=0; while test $n -lt ${OUTPUT_LINES}; do n=$((n + 1)); echo "line $mine"; done
  echo "errors $mine" >&2 ;;
esac
test "$1" = doomed && leave ${FAILURE}
leave 0
`;

/** Puts what the jobs need into the home directory. */
export async function prepare(stage: Pick<Stage, "join">): Promise<void> {
  await Deno.mkdir(stage.join("pids"));
  await Deno.writeTextFile(stage.join("job.sh"), SCRIPT);
}

/** How long a job runs that takes a while, milliseconds. */
export type Duration = (random: Random) => number;

const shortTime: Duration = (random) => random.between(10, 500);

/** The spec of a job of some kind; `tags` tell its kind and its batch. */
export function newJob(
  random: Random,
  batch: string,
  duration: Duration = shortTime,
): Record<string, unknown> {
  const kind = random.pick(Object.keys(KINDS) as [Kind, ...Kind[]]);
  const seconds = (duration(random) / 1000).toFixed(3);
  return {
    command: `set -- ${kind} ${seconds}; . ./job.sh`,
    max_retries: KINDS[kind],
    backoff_base: 0,
    priority: random.between(-1, 1),
    tags: [kind, batch],
  };
}

/** A line of the diary. */
export interface Entry {
  readonly what: "begin" | "end";
  readonly id: string;
  readonly token: string;
  readonly launcher: number;
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
  /** The exit code that follows; null at the begin. */
  readonly code: number | null;
}

/** Reads a line of the diary. */
export function parseEntry(line: string): Entry {
  const [what, id, token, , launcher, time, code] = line.split(" ");
  return {
    ...{ what: what as Entry["what"], id: id!, token: token!, launcher: Number(launcher) },
    ...{ time: BigInt(time!), code: what === "begin" ? null : Number(code) },
  };
}

/** What the diary says, by job, in the order of writing. */
export function readDiary(stage: Pick<Stage, "lines">): Map<string, Entry[]> {
  return Map.groupBy(stage.lines("diary").map(parseEntry), ({ id }) => id);
}
