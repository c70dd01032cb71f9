import type { CallScope } from "@agentmesh/rpc/scope";
import { errors } from "../errors.ts";
import { totalsOf } from "./events.ts";
import { hasEnded, type Owner, type RunView } from "./run.ts";
import type { RunStore, RunWithEnding } from "./run-store.ts";
import { noTotals } from "./totals.ts";
import { type WatchDependencies, type Watched, watchRun } from "./watch-run.ts";
import type { RunWorker } from "./worker.ts";

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunView[];
  /** Where the next page begins; empty: there is none. */
  readonly next: string;
}

/** Which page of which runs. */
export interface PageRequest {
  /** 1 to 200; 0: 50. */
  readonly size: number;
  /** `next` of the page before; empty: the first page. */
  readonly token: string;
  readonly agentId: string;
  readonly sessionId: string;
}

const maxReason = 256;
/** Enough for every journal the limits of an agent allow. */
const allEvents = 100_000;

/** What owners can do with their runs. Nobody else finds them. */
export class Runs {
  readonly #store: RunStore;
  readonly #worker: RunWorker;
  readonly #watching: WatchDependencies;

  constructor(worker: RunWorker, watching: WatchDependencies) {
    this.#store = watching.store;
    this.#worker = worker;
    this.#watching = watching;
  }

  /** @throws RUN_NOT_FOUND */
  async get(scope: CallScope, runId: string): Promise<RunView> {
    const found = await this.#store.get(ownerOf(scope), runId);
    if (found === undefined) throw errors.RUN_NOT_FOUND();
    return this.#view(found);
  }

  /** Resolves when the run has ended. @throws RUN_NOT_FOUND, RUN_MOVED */
  async wait(scope: CallScope, runId: string): Promise<RunView> {
    const active = this.#activeOf(ownerOf(scope), runId);
    if (active !== undefined) {
      const view = await unlessAborted(scope.signal, active.done);
      if (view !== undefined) return view;
      throw errors.RUN_MOVED();
    }
    const view = await this.get(scope, runId);
    if (hasEnded(view.run.status)) return view;
    for await (const _ of this.watch(scope, runId, view.run.lastSeq)) {
      // Only the end matters.
    }
    scope.signal.throwIfAborted();
    return this.get(scope, runId);
  }

  /** @throws RUN_NOT_FOUND, INVALID_POSITION, RUN_MOVED */
  watch(scope: CallScope, runId: string, afterSeq: number): AsyncGenerator<Watched, void, undefined> {
    const { signal } = scope;
    return watchRun(this.#watching, { owner: ownerOf(scope), runId, afterSeq, signal });
  }

  /** Newest first. @throws INVALID_INPUT, INVALID_PAGE */
  async list(scope: CallScope, { size, token, agentId, sessionId }: PageRequest): Promise<RunPage> {
    if (size < 0 || size > 200) {
      throw errors.INVALID_INPUT({ fields: [{ field: "page_size", description: "must be 1 to 200, or 0 for 50" }] });
    }
    if (token !== "" && !/^run_[0-9a-f]{32}$/.test(token)) throw errors.INVALID_PAGE();
    const limit = size === 0 ? 50 : size;
    const { tenant, user } = ownerOf(scope);
    const found = await this.#store.list({ tenant, user, before: token, limit: limit + 1, agentId, sessionId });
    const page = found.slice(0, limit);
    const runs = await Promise.all(page.map((run) => this.#view(run)));
    return { runs, next: found.length > limit ? (page.at(-1)?.run.id ?? "") : "" };
  }

  /** Asks a run to stop. @throws RUN_NOT_FOUND, INVALID_INPUT */
  async cancel(scope: CallScope, runId: string, reason: string): Promise<RunView> {
    if (reason.length > maxReason) {
      throw errors.INVALID_INPUT({ fields: [{ field: "reason", description: "must be at most 256 characters" }] });
    }
    const now = this.#watching.clock();
    const given = reason === "" ? "Cancelled by its owner." : reason;
    const run = await this.#store.requestCancel(ownerOf(scope), runId, { reason: given, now });
    if (run === undefined) throw errors.RUN_NOT_FOUND();
    this.#worker.find(runId)?.stop({ kind: "cancelled", reason: given });
    // One that waited in the queue has ended just now; its watchers read that from the journal.
    this.#watching.feed.resync((watched) => watched === runId && this.#worker.find(runId) === undefined);
    return this.get(scope, runId);
  }

  #activeOf({ tenant, user }: Owner, runId: string) {
    const active = this.#worker.find(runId);
    const run = active?.claimed.run;
    return run?.tenant === tenant && run.user === user ? active : undefined;
  }

  async #view({ run, ending }: RunWithEnding): Promise<RunView> {
    if (ending === undefined) {
      const totals = run.lastSeq <= 2 ? noTotals : totalsOf(await this.#store.events(run.id, 0, allEvents));
      return { run, totals };
    }
    return {
      run,
      totals: ending.totals,
      ...(ending.kind === "succeeded" ? { output: ending.output } : {}),
      ...(ending.kind === "failed" ? { error: ending.error } : {}),
    };
  }
}

/** Who the call acts for. @throws PRINCIPAL_REQUIRED */
function ownerOf(scope: CallScope): Owner {
  const principal = scope.credential?.principal;
  if (principal === undefined) throw errors.PRINCIPAL_REQUIRED();
  return principal;
}

async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
