/**
 * Moving a whole store to another one, which may be of another kind: what that asks of either side. Everything goes
 * along as it is, row by row, so that nothing has to be understood to be kept. Times are milliseconds since the epoch.
 *
 * @module
 */

/** A value of a row. */
export type Cell = null | number | string | Uint8Array;

/** A row, its values in the order of the columns of its table. */
export type Cells = readonly Cell[];

/** Where in a store rows are read, or written. */
export interface Place {
  readonly table: string;
  /** The key of the row after which it is; null: before the first. */
  readonly after: readonly (number | string)[] | null;
}

/** Rows that follow each other. */
export interface RowPortion {
  readonly rows: readonly Cells[];
  /** Where it goes on, in the same table or another one; null: there is no more. */
  readonly next: Place | null;
}

/** What marks a store that is being moved, or was: nobody else can use it. */
export interface Mark {
  /** Names the move; the same on both sides. */
  readonly id: string;
  readonly role: "source" | "target";
  /** Where the other store is, for people. */
  readonly other: string;
  /** When the move began; of a source that was moved, when it ended. */
  readonly at: number;
  /** Of a source: all of it is in the other store. Of a target: all rows are there. */
  readonly isDone: boolean;
  /** Of a target: where the next rows go, and how many there are so far. */
  readonly place: Place | null;
  readonly rows: number;
}

/** Where the first rows are. */
export const FIRST_PLACE: Place = { table: "setting", after: null };

/** One side of a move. */
export interface Relocation {
  /** What marks the store; null: nothing. */
  mark(): Promise<Mark | null>;
  /** What is in it, in words; null if it is empty, as a target has to be. */
  contents(): Promise<string | null>;
  /** How many rows are to be moved. */
  countRows(): Promise<number>;

  /**
   * Marks a source, or a target. From then on nobody else works on it.
   *
   * @param gone workers that are known not to run any more
   * @throws {ConflictError} if it is marked, any other worker is there, a source has a job that runs, or a target
   * is not empty
   */
  begin(mark: Mark, gone: readonly string[]): Promise<void>;
  /**
   * Changes the mark.
   *
   * @throws {ConflictError} if it is another one by now
   */
  proceed(from: Mark, to: Mark): Promise<void>;
  /**
   * Takes the mark off.
   *
   * @throws {ConflictError} as {@linkcode Relocation.proceed}
   */
  end(mark: Mark): Promise<void>;

  /** Reads rows, so many that they need about 4 MiB of memory, or but one. */
  read(place: Place): Promise<RowPortion>;
  /**
   * Stores rows where the mark of the target says, and moves the mark on, all or nothing.
   *
   * @throws {ConflictError} as {@linkcode Relocation.proceed}
   */
  write(rows: readonly Cells[], from: Mark, to: Mark): Promise<void>;
  /**
   * After the last row: what else it takes for the store to be as if all of it had come about there.
   *
   * @param queues the names of all that the source knows, also of those that hold no jobs any more
   * @throws {ConflictError} as {@linkcode Relocation.proceed}
   */
  complete(mark: Mark, queues: readonly string[]): Promise<void>;
  /** What a row is, for people: its table and key. */
  nameOf(table: string, row: Cells): string;
}
