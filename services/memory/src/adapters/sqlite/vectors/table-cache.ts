import type { VectorTable } from "./vector-table.ts";

/** Reads a whole collection. */
export type LoadTable = (collection: number, dimensions: number) => Promise<VectorTable>;

/** A change of a collection that was stored. */
type Change = (table: VectorTable) => void;

/** A collection in memory, or on its way there. */
interface Entry {
  readonly loading: Promise<VectorTable>;
  table: VectorTable | undefined;
  /** Changes stored while it was read; the rows that were read may or may not contain them. */
  readonly missed: Change[];
}

/**
 * Collections in memory, the least recently used ones dropped when there are too many. A collection is read when it is
 * first searched; what is stored from then on is applied to it in the order in which it was stored.
 */
export class TableCache {
  readonly #load: LoadTable;
  readonly #maxBytes: number;
  readonly #entries = new Map<number, Entry>();

  constructor(load: LoadTable, maxBytes: number) {
    this.#load = load;
    this.#maxBytes = maxBytes;
  }

  /** The collection's vectors, read when they are not in memory. */
  get(collection: number, dimensions: number): Promise<VectorTable> {
    const known = this.#entries.get(collection);
    if (known !== undefined) {
      this.#entries.delete(collection);
      this.#entries.set(collection, known);
      return known.loading;
    }
    const entry: Entry = { loading: this.#load(collection, dimensions), table: undefined, missed: [] };
    const loading = entry.loading.then(
      (table) => {
        for (const change of entry.missed.splice(0)) change(table);
        entry.table = table;
        this.#shrink(collection);
        return table;
      },
      (error: unknown) => {
        this.#entries.delete(collection);
        throw error;
      },
    );
    this.#entries.set(collection, Object.assign(entry, { loading }));
    return loading;
  }

  /** Applies what was just stored. */
  apply(collection: number, change: Change): void {
    const entry = this.#entries.get(collection);
    if (entry === undefined) return;
    if (entry.table === undefined) {
      entry.missed.push(change);
      return;
    }
    change(entry.table);
    this.#shrink(collection);
  }

  /** Forgets a collection. */
  drop(collection: number): void {
    this.#entries.delete(collection);
  }

  /** Bytes in use. */
  get bytes(): number {
    let bytes = 0;
    for (const { table } of this.#entries.values()) bytes += table?.bytes ?? 0;
    return bytes;
  }

  // The one in use stays, however large it is: its size is limited by the records of a collection.
  #shrink(inUse: number): void {
    let { bytes } = this;
    for (const [collection, { table }] of this.#entries) {
      if (bytes <= this.#maxBytes) return;
      if (collection === inUse || table === undefined) continue;
      bytes -= table.bytes;
      this.#entries.delete(collection);
    }
  }
}
