import type { JournalEvent } from "../../domain/events.ts";
import type { FeedItem, FeedSubscription, LiveText, RunFeed } from "../../domain/ports.ts";

/** What a watcher may be behind before it has to read the journal again. */
const maxQueued = 256;
const resync: FeedItem = { kind: "resync" };

/** The answer of a run that is being written. */
interface Writing {
  readonly stepKey: string;
  readonly afterSeq: number;
  text: string;
  index: number;
}

/** What the feed is told. */
export interface LiveFeedOptions {
  readonly clock: () => number;
  /** Told when a watcher was too slow. */
  readonly onResync: () => void;
}

/** Tells the watchers of one process about the runs of the same process. */
export class LiveFeed implements RunFeed {
  readonly #watchers = new Map<string, Set<Subscription>>();
  readonly #writing = new Map<string, Writing>();
  readonly #options: LiveFeedOptions;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
  }

  publish(runId: string, events: readonly JournalEvent[]): void {
    this.#writing.delete(runId);
    const watchers = this.#watchers.get(runId);
    if (watchers === undefined) return;
    for (const event of events) {
      const item: FeedItem = { kind: "event", event };
      for (const watcher of watchers) watcher.push(item);
    }
  }

  publishText(runId: string, { stepKey, text, afterSeq, time }: Omit<LiveText, "kind" | "index">): void {
    let writing = this.#writing.get(runId);
    if (writing?.stepKey !== stepKey || writing.afterSeq !== afterSeq) {
      writing = { stepKey, afterSeq, text: "", index: -1 };
      this.#writing.set(runId, writing);
    }
    writing.text += text;
    writing.index += 1;
    const watchers = this.#watchers.get(runId);
    if (watchers === undefined) return;
    const item: FeedItem = { kind: "delta", stepKey, text, afterSeq, index: writing.index, time };
    for (const watcher of watchers) watcher.push(item);
  }

  subscribe(runId: string, signal: AbortSignal): FeedSubscription {
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers);
    const subscription: Subscription = new Subscription({
      signal,
      snapshot: () => this.#snapshot(runId),
      onResync: this.#options.onResync,
      onClose: () => {
        watchers.delete(subscription);
        if (watchers.size === 0 && this.#watchers.get(runId) === watchers) this.#watchers.delete(runId);
      },
    });
    watchers.add(subscription);
    return subscription;
  }

  resync(chosen: (runId: string) => boolean): void {
    for (const [runId, watchers] of this.#watchers) {
      if (chosen(runId)) for (const watcher of watchers) watcher.restart();
    }
  }

  fail(runId: string, error: unknown): void {
    this.#writing.delete(runId);
    for (const watcher of this.#watchers.get(runId) ?? []) watcher.fail(error);
  }

  #snapshot(runId: string): LiveText | undefined {
    const writing = this.#writing.get(runId);
    return writing === undefined ? undefined : { kind: "snapshot", time: this.#options.clock(), ...writing };
  }
}

interface SubscriptionInit {
  readonly signal: AbortSignal;
  readonly snapshot: () => LiveText | undefined;
  readonly onResync: () => void;
  readonly onClose: () => void;
}

/** The queue of one watcher. When it is full it is emptied, and the watcher starts over from the journal. */
class Subscription implements FeedSubscription {
  readonly #init: SubscriptionInit;
  #queue: FeedItem[] = [resync];
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(init: SubscriptionInit) {
    this.#init = init;
    init.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  readonly #onAbort = () => this.#wake?.();

  push(item: FeedItem): void {
    if (this.#queue.length >= maxQueued) {
      this.#init.onResync();
      this.restart();
      return;
    }
    // Whoever is about to read the journal gets recorded events from there, and text as one snapshot.
    this.#queue.push(item);
    this.#wake?.();
  }

  restart(): void {
    this.#queue = [resync];
    this.#wake?.();
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake?.();
  }

  async next(): Promise<FeedItem | undefined> {
    while (!this.#init.signal.aborted) {
      const item = this.#queue.shift();
      if (item !== undefined) {
        // What is queued from here on comes after the snapshot.
        if (item.kind === "resync") this.#startOver();
        return item;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      await this.#woken();
    }
    return undefined;
  }

  close(): void {
    this.#init.signal.removeEventListener("abort", this.#onAbort);
    this.#init.onClose();
  }

  #startOver(): void {
    const snapshot = this.#init.snapshot();
    this.#queue = snapshot === undefined ? [] : [snapshot];
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
