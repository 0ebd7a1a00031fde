/**
 * What users do while the power may go, and what they have been told is done.
 *
 * @module
 */

/** How much is done. */
export interface Work {
  /** Shells that enqueue at the same time. */
  readonly enqueuers: number;
  /** Commands of each of them; every third one enqueues a list of three. */
  readonly enqueues: number;
  /** Jobs that are held, and then steered. */
  readonly held: number;
  readonly workers: number;
  /** Large jobs, enqueued at once, so that the log of the store is written back and begun anew. */
  readonly bulk: number;
}

/** Where everybody says what is done, a line each; an `enqueue` prints its ids here itself. */
export const SAID = "said";
/** Where jobs write their ids as they end. */
export const DIARY = "diary";

/** In a directory that is made with the store. */
export const STORE = "data/deep/queue.db";

/**
 * The shell script, to be run in the stage's directory. `queuectl` and `QUEUECTL_DB` are set.
 *
 * @param directory absolute, for what jobs write
 */
export function script(work: Work, directory: string): string {
  const job = `echo $QUEUECTL_JOB_ID >> ${directory}/${DIARY}`;
  const list = (ids: readonly string[]) =>
    `printf '%s\\n' ${ids.map((id) => `'${JSON.stringify({ id, command: job })}'`).join(" ")} ` +
    `| queuectl enqueue >> ${SAID}`;
  const one = (id: string) => `queuectl enqueue --id ${id} --command '${job}' >> ${SAID}`;
  const enqueuer = (name: number) =>
    numbers(work.enqueues).map((n) => {
      const id = `job-${name}-${n}`;
      return n % 3 === 2 ? list([`${id}a`, `${id}b`, `${id}c`]) : one(id);
    });
  // While a command works, neither what was before need be so, nor what will be.
  const said = (command: string, words: string) =>
    `echo "changes ${words}" >> ${SAID}; ` +
    `queuectl ${command} > /dev/null && echo "${words}" >> ${SAID}`;
  const steering = numbers(work.held).flatMap((n) => {
    const id = `held-${n}`;
    return [
      `queuectl enqueue --hold --id ${id} --command '${job}' >> ${SAID}`,
      ...[
        [said(`edit ${id} --priority 7`, `edited ${id}`)],
        [said(`release ${id}`, `released ${id}`)],
        [said(`cancel ${id}`, `cancelled ${id}`), said(`retry ${id}`, `retried ${id}`)],
        [said(`cancel ${id}`, `cancelled ${id}`)],
        [said(`cancel ${id}`, `cancelled ${id}`), said(`delete ${id}`, `deleted ${id}`)],
      ][n % 5]!,
    ];
  });
  const settings = [
    said("config set lease 40s", "configured"),
    said("queue set slow --limit 3", "limited"),
    said("schedule add yearly --cron @yearly -- true", "scheduled"),
    `printf '{"id":"moved","command":"true"}' > moved`,
    said("import moved", "imported"),
  ];
  // 4 KB each.
  const bulk = work.bulk === 0 ? [] : [
    `yes '${JSON.stringify({ command: `: ${"x".repeat(4000)}` })}' | head -n ${work.bulk} ` +
    `| queuectl enqueue --hold >> ${SAID}`,
  ];
  const parallel = [
    bulk,
    ...numbers(work.enqueuers).map(enqueuer),
    [...steering.slice(0, 4), ...settings, ...steering.slice(4)],
  ];
  return [
    // One has to be the first: the others may come while it makes the store.
    ...parallel.filter((commands) => commands.length > 0).map((commands) =>
      `{\n${commands.join("\n")}\n} & all="$all $!"`
    ),
    `until test -e ${STORE}; do sleep 0.01; done`,
    ...numbers(work.workers).map(() => 'queuectl worker start --count 2 & workers="$workers $!"'),
    "wait $all",
    "queuectl worker stop > /dev/null",
    "wait $workers",
  ].join("\n");
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** What must be so after a cut. */
export interface Expected {
  /** In words, for a fault. */
  readonly said: string;
  /** A query whose one value is 1 where it is so. */
  readonly sql: string;
  readonly values: readonly string[];
}

const JOB_EXISTS = "SELECT EXISTS (SELECT 1 FROM job WHERE id = ?)";

/** What follows from the lines that were written before a cut; what is deleted later is not expected. */
export function expectations(lines: readonly string[]): Expected[] {
  const expected = new Map<string, Expected>();
  for (const said of lines) {
    const [word, id = "", changed = ""] = said.split(" ");
    const state = (sql: string) =>
      expected.set(id, {
        said,
        sql: `SELECT EXISTS (SELECT 1 FROM job WHERE id = ? AND ${sql})`,
        values: [id],
      });
    const setting = (sql: string) =>
      expected.set(said, { said, sql: `SELECT EXISTS (${sql})`, values: [] });
    switch (word) {
      case "changes":
        expected.delete(changed);
        break;
      case "edited":
        state("priority = 7");
        break;
      case "released":
        state("state <> 'held'");
        break;
      case "cancelled":
        state("state = 'cancelled'");
        break;
      case "retried":
        state("state <> 'cancelled'");
        break;
      case "deleted":
        expected.set(id, { said, sql: `SELECT NOT (${JOB_EXISTS})`, values: [id] });
        break;
      case "configured":
        setting("SELECT 1 FROM setting WHERE key = 'lease' AND value = '40s'");
        break;
      case "limited":
        setting("SELECT 1 FROM queue WHERE name = 'slow' AND job_limit = 3");
        break;
      case "scheduled":
        setting("SELECT 1 FROM schedule WHERE name = 'yearly'");
        break;
      case "imported":
        setting("SELECT 1 FROM job WHERE id = 'moved'");
        break;
      default:
        expected.set(said, { said, sql: JOB_EXISTS, values: [said] });
    }
  }
  return [...expected.values()];
}
