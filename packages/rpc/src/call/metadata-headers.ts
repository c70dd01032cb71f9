/**
 * The headers of one call: a `Headers` that costs nothing while it is empty. undici's own takes microseconds to make,
 * which is as much as a whole in-process call.
 */
export class MetadataHeaders implements Headers {
  #values: Map<string, string> | undefined;
  #fill: ((headers: Headers) => void) | undefined;

  constructor(init?: HeadersInit) {
    if (init !== undefined) copyInto(init, this);
  }

  /** Headers that are read from their source when somebody looks at them. */
  static lazy(fill: (headers: Headers) => void): MetadataHeaders {
    const headers = new MetadataHeaders();
    headers.#fill = fill;
    return headers;
  }

  /** Whether nothing was set: lets a transport skip the work of sending them. */
  get empty(): boolean {
    const values = this.#loaded();
    return values === undefined || values.size === 0;
  }

  append(name: string, value: string): void {
    const key = name.toLowerCase();
    const old = this.#loaded()?.get(key);
    this.set(key, old === undefined ? value : `${old}, ${value}`);
  }

  delete(name: string): void {
    this.#loaded()?.delete(name.toLowerCase());
  }

  get(name: string): string | null {
    return this.#loaded()?.get(name.toLowerCase()) ?? null;
  }

  getSetCookie(): string[] {
    return [];
  }

  has(name: string): boolean {
    return this.#loaded()?.has(name.toLowerCase()) ?? false;
  }

  set(name: string, value: string): void {
    this.#map().set(name.toLowerCase(), String(value));
  }

  forEach(visit: (value: string, key: string, parent: Headers) => void, self?: unknown): void {
    for (const [key, value] of this.#loaded() ?? []) visit.call(self, value, key, this);
  }

  entries(): HeadersIterator<[string, string]> {
    return this.#map().entries();
  }

  keys(): HeadersIterator<string> {
    return this.#map().keys();
  }

  values(): HeadersIterator<string> {
    return this.#map().values();
  }

  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.entries();
  }

  #map(): Map<string, string> {
    this.#values = this.#loaded() ?? new Map();
    return this.#values;
  }

  #loaded(): Map<string, string> | undefined {
    const fill = this.#fill;
    if (fill !== undefined) {
      this.#fill = undefined;
      fill(this);
    }
    return this.#values;
  }
}

/** Adds all headers of `from` to `to`. */
export function copyInto(from: HeadersInit, to: Headers): void {
  if (Symbol.iterator in from) {
    for (const [name = "", value = ""] of from) to.append(name, value);
    return;
  }
  for (const [name, value] of Object.entries(from)) to.append(name, value);
}
