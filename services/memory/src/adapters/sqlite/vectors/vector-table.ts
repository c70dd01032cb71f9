import { setImmediate } from "node:timers/promises";

/** Multiplications between two turns of the event loop: some 2 ms. */
const WORK_PER_SLICE = 2_000_000;
const FIRST_CAPACITY = 64;

/** A row that is near a query. */
export interface Hit {
  readonly key: number;
  /** Dot product: the cosine similarity of unit vectors. */
  readonly score: number;
}

/** How many rows, how near, and until when. */
export interface ScanOptions {
  readonly limit: number;
  readonly minScore: number;
  readonly signal: AbortSignal;
}

/**
 * Vectors of one collection by key, side by side in one typed array. Rows can be changed while a scan waits for its next
 * slice: it then sees a row as it was or as it is. A freed row keeps its place until another one takes it.
 */
export class VectorTable {
  readonly dimensions: number;
  #values: Float32Array;
  /** Key of each row; 0: free. */
  #keys: Float64Array;
  readonly #rows = new Map<number, number>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.#values = new Float32Array(FIRST_CAPACITY * dimensions);
    this.#keys = new Float64Array(FIRST_CAPACITY);
  }

  /** Bytes of memory. */
  get bytes(): number {
    return this.#values.byteLength + this.#keys.byteLength + this.#rows.size * 32;
  }

  /** Number of vectors. */
  get size(): number {
    return this.#rows.size;
  }

  /** Adds a vector or replaces the one of this key. */
  set(key: number, vector: Float32Array): void {
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = this.#free.pop() ?? this.#used++;
      this.#reserve(row + 1);
      this.#rows.set(key, row);
    }
    this.#values.set(vector, row * this.dimensions);
    this.#keys[row] = key;
  }

  /** Removes a vector; unknown keys are ignored. */
  delete(key: number): void {
    const row = this.#rows.get(key);
    if (row === undefined) return;
    this.#rows.delete(key);
    this.#keys[row] = 0;
    this.#free.push(row);
  }

  /** The nearest rows, best first; equal ones by key. @throws the signal's reason when it is aborted */
  async nearest(query: Float32Array, { limit, minScore, signal }: ScanOptions): Promise<readonly Hit[]> {
    const best = new BestHits(limit, minScore);
    const rowsPerSlice = Math.max(1, Math.floor(WORK_PER_SLICE / this.dimensions));
    for (let row = 0; row < this.#used; row += rowsPerSlice) {
      if (row > 0) {
        await setImmediate();
        signal.throwIfAborted();
      }
      this.#scan(query, { from: row, to: Math.min(row + rowsPerSlice, this.#used), best });
    }
    return best.hits();
  }

  #scan(query: Float32Array, { from, to, best }: { from: number; to: number; best: BestHits }): void {
    const values = this.#values;
    const keys = this.#keys;
    const size = this.dimensions;
    for (let row = from, at = from * size; row < to; row++, at += size) {
      const key = keys[row] as number;
      if (key === 0) continue;
      const score = dot(values, at, query);
      if (score >= best.threshold) best.add(key, score);
    }
  }

  #reserve(rows: number): void {
    if (rows <= this.#keys.length) return;
    const capacity = Math.max(rows, this.#keys.length * 2);
    const values = new Float32Array(capacity * this.dimensions);
    values.set(this.#values);
    const keys = new Float64Array(capacity);
    keys.set(this.#keys);
    this.#values = values;
    this.#keys = keys;
  }
}

// Four sums at a time: the additions of one row need not wait for each other.
function dot(values: Float32Array, at: number, query: Float32Array): number {
  const size = query.length;
  const whole = size - (size % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i < whole; i += 4) {
    a += (values[at + i] as number) * (query[i] as number);
    b += (values[at + i + 1] as number) * (query[i + 1] as number);
    c += (values[at + i + 2] as number) * (query[i + 2] as number);
    d += (values[at + i + 3] as number) * (query[i + 3] as number);
  }
  for (; i < size; i++) a += (values[at + i] as number) * (query[i] as number);
  return a + b + c + d;
}

/** The best few of many, kept in order. */
class BestHits {
  readonly #limit: number;
  readonly #hits: Hit[] = [];
  /** Lower scores are of no interest. */
  threshold: number;

  constructor(limit: number, minScore: number) {
    this.#limit = limit;
    this.threshold = minScore;
  }

  add(key: number, score: number): void {
    const hits = this.#hits;
    let index = hits.length;
    while (index > 0 && isBetter(key, score, hits[index - 1] as Hit)) index--;
    if (index >= this.#limit) return;
    hits.splice(index, 0, { key, score });
    if (hits.length > this.#limit) hits.pop();
    if (hits.length === this.#limit) this.threshold = (hits.at(-1) as Hit).score;
  }

  hits(): readonly Hit[] {
    return this.#hits;
  }
}

function isBetter(key: number, score: number, other: Hit): boolean {
  return score > other.score || (score === other.score && key < other.key);
}
