import type { CallScope } from "@agentmesh/rpc/scope";
import type { AgentBundle } from "../agents/bundle.ts";
import {
  type Acceptance,
  type GuardrailActed,
  type JournalEvent,
  plusEvent,
  type Stage,
  type StepBody,
  totalsOf,
} from "../events.ts";
import { RunStopped } from "../failure.ts";
import type { RunInstruments } from "../instruments.ts";
import type { Message } from "../message.ts";
import type {
  Attribution,
  CheckResult,
  Costs,
  Guardrail,
  Models,
  RunFeed,
  Sessions,
  ToolInfo,
  Tools,
} from "../ports.ts";
import type { RunRecord } from "../run.ts";
import type { RunRequest } from "../run-request.ts";
import type { Totals } from "../totals.ts";
import type { CallLimiter } from "./call-limiter.ts";
import { Faults } from "./faults.ts";
import type { Journal } from "./journal.ts";
import { RecordedSteps } from "./recorded-steps.ts";
import { Transcript } from "./transcript.ts";

/** The services a run works with. */
export interface RunPorts {
  readonly models: Models;
  readonly guardrail: Guardrail;
  readonly sessions: Sessions;
  readonly tools: Tools;
  readonly costs: Costs;
  readonly feed: RunFeed;
  /** Bounds how many tool calls of all runs are under way. */
  readonly toolCalls: CallLimiter;
}

/** What a run context is made of. */
export interface RunContextInit {
  readonly run: RunRecord;
  readonly acceptance: Acceptance;
  readonly bundle: AgentBundle;
  readonly journal: Journal;
  readonly events: readonly JournalEvent[];
  readonly scope: CallScope;
  readonly ports: RunPorts;
  readonly instruments: RunInstruments;
  readonly clock: () => number;
}

/** What all steps of one run share. */
export class RunContext {
  readonly run: RunRecord;
  /** The question as it may be used. */
  readonly question: Message;
  readonly request: RunRequest;
  readonly bundle: AgentBundle;
  readonly journal: Journal;
  readonly steps: RecordedSteps;
  readonly transcript = new Transcript();
  readonly scope: CallScope;
  readonly ports: RunPorts;
  readonly instruments: RunInstruments;
  readonly clock: () => number;
  readonly faults: Faults;
  /** The version of the session that the run has read; undefined without a session. */
  sessionVersion: number | undefined;
  #totals: Totals;
  #mustStore = false;
  /** Whether the run was resumed and has done nothing yet that was not recorded before. */
  #onlyRepeats: boolean;
  #tools: Promise<readonly ToolInfo[]> | undefined;

  constructor(init: RunContextInit) {
    this.run = init.run;
    this.question = init.acceptance.input;
    this.request = init.acceptance.request;
    this.bundle = init.bundle;
    this.journal = init.journal;
    this.steps = new RecordedSteps(init.events);
    this.#onlyRepeats = this.steps.size > 0;
    this.scope = init.scope;
    this.ports = init.ports;
    this.instruments = init.instruments;
    this.clock = init.clock;
    this.faults = new Faults(init.bundle.limits.retries);
    this.#totals = totalsOf(init.events);
  }

  /** What the run has used, recorded steps included. */
  get totals(): Totals {
    return this.#totals;
  }

  /** @throws the reason why the run must stop: cancelled, out of time, not ours any more */
  check(): void {
    const { signal, deadline } = this.scope;
    if (signal.aborted) throw signal.reason;
    if (deadline !== undefined && this.clock() >= deadline) throw new RunStopped({ kind: "timeout" });
  }

  /**
   * The same where recorded steps may just be repeated: an answer that was recorded in time counts, and may be in the
   * session already, however late a process comes back to it.
   */
  checkRepeating(): void {
    const { aborted, reason } = this.scope.signal;
    const onlyTimeIsUp = !aborted || (reason instanceof RunStopped && reason.stop.kind === "timeout");
    if (!this.#onlyRepeats || !onlyTimeIsUp) this.check();
  }

  /** Records the result of a step together with what the guardrails did in it. Not stored before the next flush. */
  record(body: StepBody, inputHash: string, acted: readonly GuardrailActed[] = []): void {
    for (const event of acted) this.journal.add(event);
    this.journal.add(body, inputHash);
    this.#onlyRepeats = false;
    this.#totals = plusEvent(this.#totals, body);
    // What was only read can be read again: it need not be stored before the run goes on.
    if (body.kind !== "recalled") this.#mustStore = true;
    this.instruments.stepRecorded(body.kind);
  }

  /** Resolves when every effect so far is stored. Each further effect waits for it: nothing is built on what may be lost. */
  async barrier(): Promise<void> {
    if (!this.#mustStore) return;
    this.#mustStore = false;
    await this.journal.flush();
  }

  /** On whose account a step is done. */
  attribution(stepKey: string): Attribution {
    return {
      agentId: this.run.agentId,
      runId: this.run.id,
      stepKey,
      runLimitNanoUsd: this.request.budgetNanoUsd,
    };
  }

  /** The agent's tools that this principal may use. Asked for once per run. */
  tools(scope: CallScope): Promise<readonly ToolInfo[]> {
    this.#tools ??= this.#loadTools(scope);
    return this.#tools;
  }

  async #loadTools(scope: CallScope): Promise<readonly ToolInfo[]> {
    const { bundle, ports, request } = this;
    if (bundle.tools.length === 0) return [];
    const { scopes } = request.principal;
    const tools = await ports.tools.list(
      scope,
      bundle.tools.map(({ name }) => name),
    );
    const permitted = ({ requiredScope }: ToolInfo) =>
      requiredScope === "" || scopes.includes("*") || scopes.includes(requiredScope);
    return tools.every(permitted) ? tools : tools.filter(permitted);
  }
}

/** The event of a check that did something. */
export function actedEvents(stepKey: string, stage: Stage, result: CheckResult): readonly GuardrailActed[] {
  if (result.verdict === "allow") return noneActed;
  return [{ kind: "guardrail_acted", stepKey, stage, verdict: result.verdict, findings: result.findings }];
}

const noneActed: readonly GuardrailActed[] = [];
