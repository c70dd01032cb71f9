import { randomUUID } from "node:crypto";
import type { Span } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { ActiveRun } from "./active-run.ts";
import { type CarriedOut, type CarryOutDependencies, carryOut } from "./carry-out.ts";
import { isStep } from "./events.ts";
import type { RunView } from "./run.ts";
import type { ClaimedRun, Lease } from "./run-store.ts";

/** How a worker works. */
export interface WorkerOptions {
  /** Most runs at the same time. */
  readonly maxRuns: number;
  /** How long a run belongs to a worker that is not heard of any more. */
  readonly leaseMs: number;
  /** How often runs of others, and waiting ones, are looked for. */
  readonly pollMs: number;
  /** How long ended runs are kept. */
  readonly retentionMs: number;
}

/** A place for one run that is being accepted. */
export interface Reservation {
  readonly worker: string;
  readonly leaseUntil: number;
  /** The run was claimed: carries it out. */
  begin(claimed: ClaimedRun, parent: Span | undefined): void;
  /** The place is not needed. */
  cancel(): void;
}

const claimBatch = 16;
const sweepMs = 60_000;
const sweepBatch = 200;
/** How long interrupted runs get to unwind before their leases are given up all the same. */
const unwindMs = 2_000;

/** Carries runs out: those accepted here at once, waiting and abandoned ones as it finds them. */
export class RunWorker {
  readonly id = randomUUID();
  readonly #dependencies: CarryOutDependencies;
  readonly #options: WorkerOptions;
  readonly #active = new Map<string, ActiveRun>();
  /** Leases of runs whose journal could not be written; given up as soon as the store answers again. */
  readonly #stuck = new Map<string, Lease>();
  #reserved = 0;
  #mayWait = false;
  #stopping = false;
  #claiming: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(dependencies: CarryOutDependencies, options: WorkerOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /** Whether no new runs may be accepted. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** The run, if it is carried out here. */
  find(runId: string): ActiveRun | undefined {
    return this.#active.get(runId);
  }

  /** A place for a run that is about to be accepted; undefined when there is none, or others wait already. */
  reserve(): Reservation | undefined {
    if (this.#stopping || this.#mayWait || this.#room <= 0) return undefined;
    this.#reserved += 1;
    let open = true;
    const cancel = () => {
      if (open) this.#reserved -= 1;
      open = false;
    };
    return {
      worker: this.id,
      leaseUntil: this.#leaseUntil(),
      begin: (claimed, parent) => {
        cancel();
        this.#begin(claimed, parent);
      },
      cancel,
    };
  }

  /** A run was left in the queue: it is taken when there is room. */
  runWaits(): void {
    this.#mayWait = true;
    this.#dependencies.instruments.queued.add(1);
    this.#claimDue();
  }

  /** Takes what others left behind, and goes on looking for it. */
  start(): void {
    this.#claimDue();
    this.#timers = [
      setInterval(() => this.#poll(), this.#options.pollMs),
      setInterval(() => this.#renew(), this.#options.leaseMs / 3),
      setInterval(() => this.#sweep(), sweepMs),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  /** Takes no more runs and waits for those under way; when the signal aborts, hands the rest back. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#stopping = true;
    await this.#claiming;
    await Promise.race([this.#allDone(), aborted(signal)]);
    const left = [...this.#active.values()];
    for (const run of left) run.stop({ kind: "released" });
    await Promise.race([this.#allDone(), delay(unwindMs)]);
    const leases = [...left.map(({ claimed }) => claimed.lease), ...this.#stuck.values()];
    if (leases.length > 0) await this.#dependencies.store.release(leases);
  }

  /** Ends everything at once, as a crash would. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([this.#claiming, this.#sweeping]);
    for (const run of this.#active.values()) run.stop({ kind: "lost" });
    await Promise.race([this.#allDone(), delay(unwindMs)]);
  }

  get #room(): number {
    return this.#options.maxRuns - this.#active.size - this.#reserved;
  }

  #leaseUntil(): number {
    return this.#dependencies.clock() + this.#options.leaseMs;
  }

  async #allDone(): Promise<void> {
    while (this.#active.size > 0) await Promise.all([...this.#active.values()].map(({ done }) => done));
  }

  #begin(claimed: ClaimedRun, parent: Span | undefined): void {
    const active = new ActiveRun(claimed, this.#dependencies.clock());
    this.#active.set(claimed.run.id, active);
    const span = this.#dependencies.instruments.begun(claimed, parent);
    void carryOut(active, span, this.#dependencies).then((result) => this.#done(active, span, result));
  }

  #done(active: ActiveRun, span: Span, result: CarriedOut): void {
    const { instruments, ports } = this.#dependencies;
    const { run, lease } = active.claimed;
    this.#active.delete(run.id);
    instruments.left(run);
    if (result.outcome === "lost" && active.stopped?.kind !== "lost") instruments.leaseLost(active.claimed);
    if (result.outcome === "stuck") {
      this.#stuck.set(run.id, lease);
      instruments.logger.error(
        "A run could not be recorded and was left.",
        { run_id: run.id, cause: result.cause },
        span,
      );
    }
    if (result.outcome !== "ended") ports.feed.fail(run.id, errors.RUN_MOVED());
    active.settle(result.outcome === "ended" ? this.#ended(active, span, result) : undefined);
    span.end();
    if (this.#mayWait) this.#claimDue();
  }

  #ended(active: ActiveRun, span: Span, result: CarriedOut & { outcome: "ended" }): RunView {
    const { clock, instruments } = this.#dependencies;
    const { run, events } = active.claimed;
    const { ending, lastSeq, cause } = result;
    const now = clock();
    const steps = lastSeq - events.length + events.filter(({ body }) => isStep(body)).length - 1;
    instruments.ended({
      run,
      ending,
      durationMs: now - run.created,
      steps,
      span,
      ...(cause === undefined ? {} : { cause }),
    });
    return {
      run: { ...run, status: ending.kind, ended: now, lastSeq },
      totals: ending.totals,
      ...(ending.kind === "succeeded" ? { output: ending.output } : {}),
      ...(ending.kind === "failed" ? { error: ending.error } : {}),
    };
  }

  /** Claims until there is no room or nothing left to take. One at a time. */
  #claimDue(): void {
    if (this.#stopping) return;
    this.#claiming ??= this.#claimAll()
      .catch((cause: unknown) => this.#dependencies.instruments.logger.error("Runs could not be claimed.", { cause }))
      .finally(() => {
        this.#claiming = undefined;
      });
  }

  async #claimAll(): Promise<void> {
    const { store, clock } = this.#dependencies;
    while (!this.#stopping && this.#room > 0) {
      const limit = Math.min(claimBatch, this.#room);
      this.#reserved += limit;
      try {
        const claimed = await store.claim({ worker: this.id, limit, now: clock(), leaseUntil: this.#leaseUntil() });
        for (const run of claimed) this.#begin(run, undefined);
        this.#mayWait = claimed.length === limit;
        if (claimed.length < limit) return;
      } finally {
        this.#reserved -= limit;
      }
    }
  }

  #poll(): void {
    this.#dependencies.ports.feed.resync((runId) => !this.#active.has(runId));
    this.#giveUpStuck();
    this.#claimDue();
  }

  #giveUpStuck(): void {
    if (this.#stuck.size === 0) return;
    const leases = [...this.#stuck.values()];
    this.#dependencies.store.release(leases).then(
      () => {
        for (const { runId } of leases) this.#stuck.delete(runId);
      },
      () => {},
    );
  }

  /** Renews what would be over before the next two chances; short runs never get here. */
  #renew(): void {
    const { store, instruments, clock } = this.#dependencies;
    const due = clock() - this.#options.leaseMs / 4;
    const leases = [...this.#active.values()].filter(({ begun }) => begun <= due).map(({ claimed }) => claimed.lease);
    if (leases.length === 0) return;
    store.renew(leases, this.#leaseUntil()).then(
      (renewals) => {
        for (const { runId, lost, cancelReason } of renewals) {
          const run = this.#active.get(runId);
          if (lost) run?.stop({ kind: "lost" });
          else if (cancelReason !== undefined) run?.stop({ kind: "cancelled", reason: cancelReason });
        }
      },
      (cause: unknown) => instruments.logger.warn("Leases could not be renewed.", { cause }),
    );
  }

  #sweep(): void {
    const { instruments } = this.#dependencies;
    this.#sweeping ??= this.#sweepAll()
      .catch((cause: unknown) => instruments.logger.warn("Old runs could not be deleted.", { cause }))
      .finally(() => {
        this.#sweeping = undefined;
      });
  }

  /** Everything that is due, a little at a time: runs may come faster than one batch per sweep. */
  async #sweepAll(): Promise<void> {
    const { store, clock } = this.#dependencies;
    const now = clock();
    const due = { endedBefore: now - this.#options.retentionMs, now, limit: sweepBatch };
    while (!this.#stopping && (await store.sweep(due)) >= sweepBatch);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
