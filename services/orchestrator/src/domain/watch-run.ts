import { errors } from "../errors.ts";
import { isEnding, type JournalEvent } from "./events.ts";
import type { RunInstruments } from "./instruments.ts";
import type { LiveText, RunFeed } from "./ports.ts";
import type { Owner } from "./run.ts";
import type { RunStore } from "./run-store.ts";

/** What a watcher gets. */
export type Watched = { readonly kind: "event"; readonly event: JournalEvent } | LiveText;

/** What watching takes. */
export interface WatchDependencies {
  readonly store: RunStore;
  readonly feed: RunFeed;
  readonly instruments: RunInstruments;
  readonly clock: () => number;
}

/** Which run to watch from where. */
export interface WatchRequest {
  readonly owner: Owner;
  readonly runId: string;
  /** Only events after this one. */
  readonly afterSeq: number;
  /** Ends the watching. */
  readonly signal: AbortSignal;
}

const pageSize = 200;

/**
 * The events of a run after a position, then those to come, until it has ended. Recorded events come in order and
 * without gaps whatever happens to the feed: after every gap they are read from the journal.
 * @throws RUN_NOT_FOUND, INVALID_POSITION, RUN_MOVED
 */
export async function* watchRun(
  { store, feed, instruments }: WatchDependencies,
  { owner, runId, afterSeq, signal }: WatchRequest,
): AsyncGenerator<Watched, void, undefined> {
  const found = await store.get(owner, runId);
  if (found === undefined) throw errors.RUN_NOT_FOUND();
  if (afterSeq > found.run.lastSeq)
    throw errors.INVALID_POSITION({ metadata: { last_seq: String(found.run.lastSeq) } });
  if (found.ending !== undefined && afterSeq >= found.run.lastSeq) return;
  const subscription = feed.subscribe(runId, signal);
  instruments.watchers.add(1);
  try {
    yield* follow({ store, subscription, runId, afterSeq });
  } finally {
    instruments.watchers.add(-1);
    subscription.close();
  }
}

async function* follow({
  store,
  subscription,
  runId,
  afterSeq,
}: {
  store: RunStore;
  subscription: ReturnType<RunFeed["subscribe"]>;
  runId: string;
  afterSeq: number;
}): AsyncGenerator<Watched, void, undefined> {
  let last = afterSeq;
  for (let item = await subscription.next(); item !== undefined; item = await subscription.next()) {
    if (item.kind === "resync") {
      for await (const event of journalAfter(store, runId, last)) {
        last = event.seq;
        yield { kind: "event", event };
        if (isEnding(event.body)) return;
      }
    } else if (item.kind === "event") {
      if (item.event.seq <= last) continue;
      last = item.event.seq;
      yield item;
      if (isEnding(item.event.body)) return;
    } else if (item.afterSeq >= last) {
      yield item;
    }
  }
}

async function* journalAfter(store: RunStore, runId: string, after: number): AsyncGenerator<JournalEvent> {
  let last = after;
  while (true) {
    const page = await store.events(runId, last, pageSize);
    yield* page;
    const end = page.at(-1);
    if (end === undefined || page.length < pageSize) return;
    last = end.seq;
  }
}
