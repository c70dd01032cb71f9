import type { CallScope, Principal } from "@agentmesh/rpc/scope";
import { spanNames } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import type { AgentBundle } from "./agents/bundle.ts";
import type { AgentCatalogue } from "./agents/catalogue.ts";
import { actedEvents } from "./durable/run-context.ts";
import type { EventBody, GuardrailActed } from "./events.ts";
import type { RunInstruments } from "./instruments.ts";
import { type Message, textOf } from "./message.ts";
import type { CheckResult, Guardrail } from "./ports.ts";
import { historyMessage, userMessage } from "./prompt.ts";
import type { RunRecord } from "./run.ts";
import { newRunId } from "./run-id.ts";
import { requestHash, type StartRequest, validateStart } from "./run-input.ts";
import type { RunRequest } from "./run-request.ts";
import type { Accepted, AcceptRequest, RunStore } from "./run-store.ts";
import type { Reservation, RunWorker } from "./worker.ts";

/** What starting runs takes. */
export interface StartDependencies {
  readonly store: RunStore;
  readonly catalogue: AgentCatalogue;
  readonly guardrail: Guardrail;
  readonly worker: RunWorker;
  readonly instruments: RunInstruments;
  readonly clock: () => number;
  /** Most runs that may wait for a worker. */
  readonly queueLimit: number;
}

/** A run that was started, now or by the first request with the same idempotency key. */
export interface StartedRun {
  readonly run: RunRecord;
  readonly existing: boolean;
}

const keyLifetimeMs = 24 * 60 * 60 * 1000;
const queueRetryMs = 1_000;

/**
 * Checks a request, stores the run and lets a worker take it. From then on the run ends, whatever becomes of the caller.
 * @throws AGENT_NOT_FOUND, INVALID_INPUT, INPUT_BLOCKED, IDEMPOTENCY_KEY_REUSED, QUEUE_FULL, STOPPING
 */
export async function startRun(
  dependencies: StartDependencies,
  scope: CallScope,
  request: StartRequest,
): Promise<StartedRun> {
  const principal = scope.credential?.principal;
  if (principal === undefined) throw errors.PRINCIPAL_REQUIRED();
  validateStart(request);
  const repeated = await findRepeated(dependencies, principal, request);
  if (repeated !== undefined) return { run: repeated, existing: true };
  const bundle = dependencies.catalogue.current(request.agentId);
  if (dependencies.worker.stopping) throw errors.STOPPING({ retryAfterMs: queueRetryMs });
  const checked = await checkInput(dependencies, { scope, request, bundle });
  return store(dependencies, { scope, principal, request, bundle, checked });
}

async function findRepeated(
  { store, clock }: StartDependencies,
  principal: Principal,
  request: StartRequest,
): Promise<RunRecord | undefined> {
  if (request.idempotencyKey === "") return undefined;
  const found = await store.findByKey(principal, request.idempotencyKey, clock());
  if (found === undefined) return undefined;
  if (found.requestHash !== requestHash(request)) throw errors.IDEMPOTENCY_KEY_REUSED();
  return found.run;
}

/** The request as it may be used: redacted where the policy says so. */
interface CheckedInput {
  readonly input: Message;
  readonly history: readonly Message[];
  readonly acted: readonly GuardrailActed[];
}

async function checkInput(
  { guardrail, instruments }: StartDependencies,
  { scope, request, bundle }: { scope: CallScope; request: StartRequest; bundle: AgentBundle },
): Promise<CheckedInput> {
  const span = instruments.tracer.start(spanNames.validate, { kind: "internal", parent: scope.span });
  const texts = [request.input, ...request.history.map(textOf)];
  try {
    const results = await guardrail.check(
      instruments.tracer.enabled
        ? { signal: scope.signal, deadline: scope.deadline, credential: scope.credential, span }
        : scope,
      bundle.guardrailPolicy,
      texts.map((text) => ({ stage: "input", text })),
    );
    refuseBlocked(results);
    const text = (index: number) => results[index]?.text ?? "";
    return {
      input: userMessage(text(0)),
      history: request.history.map(({ role }, index) =>
        historyMessage(role === "assistant" ? "assistant" : "user", text(index + 1)),
      ),
      acted: results.flatMap((result) => actedEvents("", "input", result)),
    };
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

function refuseBlocked(results: readonly CheckResult[]): void {
  const blocked = results.filter(({ verdict }) => verdict === "block");
  if (blocked.length === 0) return;
  const found = blocked.flatMap(({ findings }) => findings).filter(({ action }) => action === "block");
  const categories = [...new Set(found.map(({ category }) => category))].join(", ");
  const why = blocked.find(({ refusal }) => refusal !== undefined)?.refusal ?? "";
  // Limits are no secret; how an attack was recognised is nobody's business.
  const limits = found.filter(({ category }) => category === "limit").map(({ explanation }) => ` ${explanation}`);
  const what = `The input was blocked by a guardrail${categories === "" ? "" : ` (${categories})`}: change it.`;
  throw errors.INPUT_BLOCKED({
    message: `${what}${limits.join("")} ${why}`.trim(),
    metadata: { categories },
  });
}

interface Storing {
  readonly scope: CallScope;
  readonly principal: Principal;
  readonly request: StartRequest;
  readonly bundle: AgentBundle;
  readonly checked: CheckedInput;
}

async function store(dependencies: StartDependencies, storing: Storing): Promise<StartedRun> {
  const { worker, catalogue, instruments } = dependencies;
  const { scope, bundle } = storing;
  const reservation = worker.reserve();
  const accept = acceptRequest(dependencies, storing, reservation);
  const accepted = await acceptOrCancel(dependencies.store, accept, reservation);
  if (accepted.outcome !== "accepted") return notAccepted(dependencies, accepted);
  if (accept.bundle !== undefined) catalogue.markStored(bundle);
  instruments.accepted(accepted.run, bundle, scope.span);
  if (reservation !== undefined && accepted.claimed !== undefined) reservation.begin(accepted.claimed, scope.span);
  else worker.runWaits();
  return { run: accepted.run, existing: false };
}

async function acceptOrCancel(
  runs: RunStore,
  accept: AcceptRequest,
  reservation: Reservation | undefined,
): Promise<Accepted> {
  try {
    const accepted = await runs.accept(accept);
    if (accepted.outcome !== "accepted") reservation?.cancel();
    return accepted;
  } catch (error) {
    reservation?.cancel();
    throw error;
  }
}

function notAccepted(
  { queueLimit }: StartDependencies,
  accepted: Exclude<Accepted, { outcome: "accepted" }>,
): StartedRun {
  if (accepted.outcome === "existing") return { run: accepted.run, existing: true };
  if (accepted.outcome === "key_reused") throw errors.IDEMPOTENCY_KEY_REUSED();
  const message = `${accepted.waiting} runs are waiting and the limit is ${queueLimit}: try again later.`;
  throw errors.QUEUE_FULL({ message, retryAfterMs: queueRetryMs });
}

function acceptRequest(
  { clock, catalogue, queueLimit }: StartDependencies,
  { scope, principal, request, bundle, checked }: Storing,
  reservation: Reservation | undefined,
): AcceptRequest {
  const now = clock();
  const { sessionId, idempotencyKey } = request;
  const timeoutMs = Math.min(bundle.limits.timeoutMs, request.timeoutMs ?? Number.POSITIVE_INFINITY);
  const accepted: EventBody = {
    kind: "accepted",
    agentId: bundle.id,
    agentVersion: bundle.version,
    sessionId,
    input: checked.input,
    request: runRequest({ scope, principal, request, bundle, history: checked.history }),
  };
  return {
    run: {
      id: newRunId(now),
      tenant: principal.tenant,
      user: principal.user,
      agentId: bundle.id,
      agentVersion: bundle.version,
      sessionId,
      created: now,
      deadline: now + Math.ceil(timeoutMs),
    },
    events: [accepted, ...checked.acted],
    idempotency:
      idempotencyKey === ""
        ? undefined
        : { key: idempotencyKey, requestHash: requestHash(request), expires: now + keyLifetimeMs },
    bundle: catalogue.toStore(bundle),
    claimFor: reservation,
    queueLimit,
  };
}

function runRequest({
  scope,
  principal,
  request,
  bundle,
  history,
}: Omit<Storing, "checked"> & { history: readonly Message[] }): RunRequest {
  const budget = lower(bundle.budgetNanoUsd, request.budgetNanoUsd);
  return {
    principal,
    token: scope.credential?.token() ?? "",
    history,
    stream: request.stream,
    ...(budget === undefined ? {} : { budgetNanoUsd: budget }),
    ...(scope.span?.recording ? { traceparent: scope.span.traceparent() } : {}),
  };
}

function lower(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : Math.min(a, b);
}
