/** The domain of the orchestrator over a real store and scripted services: for tests. */
import type { CallScope, Principal } from "@agentmesh/rpc/scope";
import { type Database, openDatabase } from "@agentmesh/state";
import { createTelemetry, type Telemetry } from "@agentmesh/telemetry";
import { LiveFeed } from "../adapters/in-process/live-feed.ts";
import { migrations } from "../adapters/sqlite/migrations.ts";
import { SqliteRunStore } from "../adapters/sqlite/run-store.ts";
import { AgentCatalogue, readBundles } from "../domain/agents/catalogue.ts";
import type { RunPorts } from "../domain/durable/run-context.ts";
import type { JournalEvent } from "../domain/events.ts";
import { RunInstruments } from "../domain/instruments.ts";
import type { RunView } from "../domain/run.ts";
import type { StartRequest } from "../domain/run-input.ts";
import type { RunStore } from "../domain/run-store.ts";
import { Runs } from "../domain/runs.ts";
import { type StartedRun, startRun } from "../domain/start-run.ts";
import { RunWorker, type WorkerOptions } from "../domain/worker.ts";
import { type MeshRecord, type MeshScript, portsOver, scriptedMesh } from "./scripted-mesh.ts";

/** An agent's file with a few words changed. */
export function agentFile(more = "", pattern = "react"): string {
  return `
name: tester
version: 1.0.0
description: For tests.
pattern: ${pattern}
prompts: { system: You help. }
tools: [{ name: echo }, { name: recall, settings: { collection: notes } }]
memory: { kind: session }
${more}`;
}

/** Ann of acme, who may do everything. */
export const ann: Principal = { tenant: "acme", user: "ann", keyId: "k1", roles: [], scopes: ["*"] };

/** The scope of a call by a principal. */
export function scopeFor(principal: Principal = ann, signal = new AbortController().signal): CallScope {
  return { signal, deadline: undefined, credential: { principal, token: () => "" }, span: undefined };
}

let quiet: Promise<Telemetry> | undefined;

/** Telemetry that nobody reads. */
export function quietTelemetry(): Promise<Telemetry> {
  quiet ??= createTelemetry({ service: "orchestrator", level: "silent" });
  return quiet;
}

/** How to open one. */
export interface OpenOptions {
  readonly script?: MeshScript;
  readonly agent?: string;
  /** Opened before, by a process that "crashed". */
  readonly database?: Database;
  /** What the services remember from before. */
  readonly record?: MeshRecord;
  readonly worker?: Partial<WorkerOptions>;
  readonly queueLimit?: number;
  readonly clock?: () => number;
  readonly wrapStore?: (store: RunStore) => RunStore;
}

/** One process. */
export interface OpenedOrchestrator {
  readonly database: Database;
  readonly store: RunStore;
  readonly worker: RunWorker;
  readonly runs: Runs;
  readonly ports: RunPorts;
  readonly record: MeshRecord;
  start(request?: Partial<StartRequest>, scope?: CallScope): Promise<StartedRun>;
  /** Starts a run and waits until it ended. */
  run(request?: Partial<StartRequest>): Promise<RunView>;
  journal(runId: string): Promise<readonly JournalEvent[]>;
  close(): Promise<void>;
}

/** Opens one process over a database in memory. */
export async function openOrchestrator(options: OpenOptions = {}): Promise<OpenedOrchestrator> {
  const clock = options.clock ?? Date.now;
  const database = options.database ?? openDatabase({ file: ":memory:", synchronous: "normal", migrations });
  const plainStore = new SqliteRunStore(database);
  const store = options.wrapStore?.(plainStore) ?? plainStore;
  const instruments = new RunInstruments(await quietTelemetry());
  const feed = new LiveFeed({ clock, onResync: () => {} });
  const script = options.script ?? {};
  const opened = options.record === undefined ? scriptedMesh(script, feed) : undefined;
  const record = opened?.record ?? (options.record as MeshRecord);
  const ports = opened?.ports ?? portsOver(script, record, feed);
  const catalogue = new AgentCatalogue(
    readBundles([{ file: "tester.yaml", text: options.agent ?? agentFile() }]),
    store,
  );
  const worker = new RunWorker(
    { store, catalogue, ports, instruments, clock },
    { maxRuns: 16, leaseMs: 3_000, pollMs: 500, retentionMs: 86_400_000, ...options.worker },
  );
  const runs = new Runs(worker, { store, feed, instruments, clock });
  const queueLimit = options.queueLimit ?? 10;
  const starting = { store, catalogue, guardrail: ports.guardrail, worker, instruments, clock, queueLimit };
  const start = (request: Partial<StartRequest> = {}, scope = scopeFor()) =>
    startRun(starting, scope, requestOf(request));
  return {
    database,
    store,
    worker,
    runs,
    ports,
    record,
    start,
    run: async (request) => runs.wait(scopeFor(), (await start(request)).run.id),
    journal: (runId) => plainStore.events(runId, 0, 10_000),
    close: async () => {
      await worker.stop();
      await database.close();
    },
  };
}

function requestOf(request: Partial<StartRequest>): StartRequest {
  return {
    agentId: "tester",
    input: "hello",
    sessionId: "",
    history: [],
    idempotencyKey: "",
    timeoutMs: undefined,
    budgetNanoUsd: undefined,
    stream: false,
    ...request,
  };
}
