import { hash } from "node:crypto";
import type { CallScope, Principal } from "@agentmesh/rpc/scope";
import { attributes, type Logger, type Span, spanNames, type Tracer } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { parseArguments } from "./arguments.ts";
import type { Catalogue, CataloguedTool } from "./catalogue.ts";
import { Execution, type StepOutcome } from "./execution.ts";
import type { ClaimOutcome, StepClaim, StepStore } from "./step-store.ts";
import type { JsonObject, ToolResult } from "./tool.ts";
import { Interrupted, ToolCall } from "./tool-call.ts";
import { ToolFailure } from "./tool-failure.ts";
import type { ToolReport } from "./tool-report.ts";

/** What the executor needs. */
export interface ToolExecutorOptions {
  readonly catalogue: Catalogue;
  readonly store: StepStore;
  readonly report: ToolReport;
  readonly logger: Logger;
  readonly tracer: Tracer;
  /** How much longer than its tool may take a step is leased, in milliseconds. */
  readonly leaseGraceMs: number;
}

/** One request to execute a tool. */
export interface ToolRequest {
  readonly runId: string;
  readonly stepKey: string;
  readonly tool: string;
  readonly argumentsJson: string;
  readonly settings?: JsonObject | undefined;
}

/** A request that may be carried out. */
interface Step {
  readonly name: string;
  readonly claim: StepClaim;
  readonly catalogued: CataloguedTool;
  readonly arguments: JsonObject;
  readonly settings: JsonObject;
  readonly scope: CallScope;
}

const none: JsonObject = {};

/** Permits, validates and executes tool calls, each step at most once as far as its tool has effects. */
export class ToolExecutor {
  readonly #options: ToolExecutorOptions;
  readonly #running = new Map<string, Execution>();
  #stopping = false;

  constructor(options: ToolExecutorOptions) {
    this.#options = options;
  }

  /**
   * Executes a step, joins it, or returns what was recorded.
   * @throws TOOL_NOT_FOUND, TOOL_FORBIDDEN, INVALID_SETTINGS, STEP_CONFLICT, STEP_RUNNING, UNCERTAIN, PRINCIPAL_REQUIRED
   */
  async execute(request: ToolRequest, scope: CallScope): Promise<StepOutcome> {
    const started = performance.now();
    const principal = principalOf(scope);
    const catalogued = this.#options.catalogue.get(request.tool);
    permit(catalogued, principal);
    const settings = settingsOf(catalogued, request.settings ?? none);
    const given = argumentsOf(catalogued, request.argumentsJson);
    const outcome =
      typeof given === "string"
        ? { result: { content: given, error: "INVALID_ARGUMENTS" as const }, replayed: false }
        : await this.#executeStep({
            ...this.#nameStep(request, principal, catalogued),
            catalogued,
            arguments: given,
            settings,
            scope,
          });
    this.#options.report.ended(request, outcome, { startedAt: started, span: scope.span });
    return outcome;
  }

  /** Resolves when no step is being executed; new ones are refused from now on. */
  async drain(): Promise<void> {
    this.#stopping = true;
    while (this.#running.size > 0) {
      await Promise.allSettled([...this.#running.values()].map(({ outcome }) => outcome));
    }
  }

  /** Interrupts what may run again; what has effects is left to its record. */
  stop(): void {
    this.#stopping = true;
    for (const execution of this.#running.values()) execution.interrupt();
  }

  #nameStep(
    { runId, stepKey, tool, argumentsJson }: ToolRequest,
    principal: Principal,
    { tool: { idempotent, timeoutMs } }: CataloguedTool,
  ) {
    const { tenant, user } = principal;
    const argumentsHash = hash("sha256", `${user}\0${tool}\0${argumentsJson || "{}"}`, "base64url");
    const leaseMs = timeoutMs + this.#options.leaseGraceMs;
    const claim = { tenant, runId, stepKey, user, tool, hash: argumentsHash, idempotent, leaseMs };
    return { name: `${tenant}\0${runId}\0${stepKey}`, claim };
  }

  #executeStep(step: Step): Promise<StepOutcome> {
    const { name, claim, scope } = step;
    const running = this.#running.get(name);
    if (running !== undefined) return join(running, step);
    if (this.#stopping) throw errors.INTERRUPTED();
    const execution = new Execution(claim, (begin) => this.#carryOut(step, begin));
    this.#running.set(name, execution);
    const forget = () => this.#running.delete(name);
    execution.outcome.then(forget, forget);
    return execution.wait(scope);
  }

  async #carryOut(step: Step, begin: (call: ToolCall, pending: boolean) => void): Promise<StepOutcome> {
    const { claim } = step;
    const claimed = await this.#options.store.claim(claim);
    if (claimed.kind === "recorded") return { result: claimed.result, replayed: true };
    if (claimed.kind === "uncertain") this.#options.report.uncertain(claim);
    if (claimed.kind !== "claimed") throw refusalOf(claimed, claim);
    const result = await this.#callTool(step, begin).catch(async (error) => {
      if (!(error instanceof Interrupted)) throw error;
      await this.#options.store.abandon(claim, claimed.fence);
      throw errors.INTERRUPTED({ metadata: stepOf(claim) });
    });
    if (await this.#options.store.complete(claim, claimed.fence, result)) return { result, replayed: false };
    throw errors.STEP_RUNNING({ metadata: stepOf(claim) });
  }

  async #callTool(step: Step, begin: (call: ToolCall, pending: boolean) => void): Promise<ToolResult> {
    const { catalogued, name } = step;
    const { tool } = catalogued;
    const span = this.#startSpan(step);
    const scope = span === undefined ? step.scope : scopeWithin(step.scope, span);
    const input = { tool, arguments: step.arguments, settings: step.settings, stepName: name, scope };
    const call = new ToolCall(input, this.#options.logger);
    const running = call.run();
    begin(call, running instanceof Promise);
    try {
      const result = await running;
      span?.set({ [attributes.status]: result.error ?? "ok" });
      return result;
    } catch (error) {
      span?.fail(error);
      throw error;
    } finally {
      span?.end();
    }
  }

  #startSpan({ scope, claim }: Step): Span | undefined {
    const { tracer } = this.#options;
    if (!tracer.enabled) return undefined;
    const names = {
      [attributes.toolName]: claim.tool,
      [attributes.runId]: claim.runId,
      [attributes.stepKey]: claim.stepKey,
    };
    return tracer.start(spanNames.executeTool(claim.tool), { kind: "internal", parent: scope.span, attributes: names });
  }
}

async function join(running: Execution, { claim, scope }: Step): Promise<StepOutcome> {
  if (running.hash !== claim.hash) throw errors.STEP_CONFLICT({ metadata: stepOf(claim) });
  const { result } = await running.wait(scope);
  return { result, replayed: true };
}

function principalOf({ credential }: CallScope): Principal {
  const principal = credential?.principal;
  if (principal === undefined || principal.tenant === "" || principal.user === "") throw errors.PRINCIPAL_REQUIRED();
  return principal;
}

function permit({ tool: { name, requiredScope } }: CataloguedTool, { scopes }: Principal): void {
  if (requiredScope === "" || scopes.includes(requiredScope) || scopes.includes("*")) return;
  const message = `${name} requires the scope ${requiredScope}, which the principal does not have.`;
  throw errors.TOOL_FORBIDDEN({ message, metadata: { tool: name, required_scope: requiredScope } });
}

function settingsOf({ tool: { name }, checkSettings }: CataloguedTool, settings: JsonObject): JsonObject {
  const complaint = checkSettings(settings);
  if (complaint === undefined) return settings;
  const description = complaint.replaceAll("arguments:", "settings:");
  throw errors.INVALID_SETTINGS({
    message: `The settings for ${name} are wrong: ${description}.`,
    metadata: { tool: name },
    fields: [{ field: "settings", description }],
  });
}

/** The arguments, or what the model is told is wrong with them. */
function argumentsOf({ tool: { name }, checkArguments }: CataloguedTool, text: string): JsonObject | string {
  try {
    const given = parseArguments(text);
    const complaint = checkArguments(given);
    return complaint === undefined
      ? given
      : `${name} does not accept these arguments: ${complaint}. Correct them and call it again.`;
  } catch (error) {
    if (error instanceof ToolFailure) return `${name} was not called: ${error.message}`;
    throw error;
  }
}

function refusalOf(refused: Exclude<ClaimOutcome, { kind: "claimed" | "recorded" }>, claim: StepClaim) {
  const metadata = stepOf(claim);
  switch (refused.kind) {
    case "running":
      return errors.STEP_RUNNING({ metadata, retryAfterMs: refused.leftMs });
    case "uncertain":
      return errors.UNCERTAIN({ metadata });
    case "conflict":
      return errors.STEP_CONFLICT({ metadata });
  }
}

function stepOf({ runId, stepKey, tool }: StepClaim): Record<string, string> {
  return { run_id: runId, step_key: stepKey, tool };
}

function scopeWithin({ signal, deadline, credential }: CallScope, span: Span): CallScope {
  return { signal, deadline, credential, span };
}
