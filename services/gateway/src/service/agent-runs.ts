import type { RunInput } from "@agentmesh/contracts/gateway/v1/agent_service";
import type {
  OrchestratorService,
  StartRunRequest,
  StartRunRequestSchema,
} from "@agentmesh/contracts/orchestrator/v1/orchestrator";
import type { Run, RunEvent } from "@agentmesh/contracts/orchestrator/v1/run";
import { callOptionsOf, relayStream } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import { errors } from "../errors.ts";
import { detachedOptions } from "./detached-call.ts";

/** What runs need. */
export interface AgentRunsOptions {
  readonly orchestrator: Client<typeof OrchestratorService>;
  /** Told when a run is cancelled because nobody waits for it. */
  readonly onAbandoned: (run: Run) => void;
  /** Told when that did not work; the run then ends at its own limits. */
  readonly onCancelFailed: (run: Run, error: unknown) => void;
}

const START_MS = 15_000;
const CANCEL_MS = 5_000;

/**
 * Runs on behalf of a caller who waits. When the caller goes away the run is cancelled, unless it has an idempotency
 * key by which the caller finds it again.
 */
export class AgentRuns {
  readonly #options: AgentRunsOptions;

  constructor(options: AgentRunsOptions) {
    this.#options = options;
  }

  /** Starts a run and waits until it has ended. */
  async run(input: RunInput | undefined, scope: CallScope): Promise<Run> {
    const run = await this.start(input, { stream: false, scope });
    try {
      const { run: ended } = await this.#options.orchestrator.waitRun({ runId: run.id }, callOptionsOf(scope));
      return ended ?? run;
    } catch (error) {
      await this.#abandon(run, input, scope);
      throw error;
    }
  }

  /**
   * Starts a run and passes its events on until it has ended. When it is this server that goes away the run goes on: its
   * id is in every event, so the caller can watch it again.
   */
  async *stream(input: RunInput | undefined, scope: CallScope): AsyncGenerator<RunEvent, void, undefined> {
    const run = await this.start(input, { stream: true, scope });
    let ended = false;
    try {
      for await (const event of this.watch({ runId: run.id, afterSeq: 0n }, scope)) {
        ended ||= isLast(event);
        yield event;
      }
      ended = true;
    } finally {
      if (!ended && !serverStops(scope)) await this.#abandon(run, input, scope);
    }
  }

  /** The events of a run. */
  async *watch(from: { runId: string; afterSeq: bigint }, scope: CallScope): AsyncGenerator<RunEvent, void, undefined> {
    const { orchestrator } = this.#options;
    for await (const { event } of relayStream(scope, (options) => orchestrator.watchRun(from, options))) {
      if (event !== undefined) yield event;
    }
  }

  /**
   * Starts a run. Not cut short when the caller leaves meanwhile: a run that may or may not have been accepted could
   * not be cancelled.
   */
  async start(input: RunInput | undefined, how: { stream: boolean; scope: CallScope }): Promise<Run> {
    const request = startRequest(input, how.stream);
    const { run } = await this.#options.orchestrator.startRun(request, detachedOptions(how.scope, START_MS));
    if (run === undefined) throw new TypeError("orchestrator accepted a run without saying which");
    return run;
  }

  async #abandon(run: Run, input: RunInput | undefined, scope: CallScope): Promise<void> {
    if (input === undefined || input.idempotencyKey !== "") return;
    const { orchestrator, onAbandoned, onCancelFailed } = this.#options;
    try {
      await orchestrator.cancelRun(
        { runId: run.id, reason: "the caller went away" },
        detachedOptions(scope, CANCEL_MS),
      );
      onAbandoned(run);
    } catch (error) {
      onCancelFailed(run, error);
    }
  }
}

// Callers leave with CANCELLED or DEADLINE_EXCEEDED; servers end their last calls with UNAVAILABLE.
function serverStops({ signal }: CallScope): boolean {
  return signal.aborted && signal.reason instanceof ConnectError && signal.reason.code === Code.Unavailable;
}

function startRequest(input: RunInput | undefined, stream: boolean): MessageInitShape<typeof StartRunRequestSchema> {
  if (input === undefined) {
    throw errors.INVALID_REQUEST({
      message: "run must be set",
      fields: [{ field: "run", description: "must be set" }],
    });
  }
  const { agentId, input: text, sessionId, history, idempotencyKey, timeout, budget } = input;
  const request: Partial<StartRunRequest> = { agentId, input: text, sessionId, history, idempotencyKey, stream };
  if (timeout !== undefined) request.timeout = timeout;
  if (budget !== undefined) request.budget = budget;
  return request as MessageInitShape<typeof StartRunRequestSchema>;
}

function isLast(event: RunEvent): boolean {
  const { case: name } = event.event;
  return name === "succeeded" || name === "failed" || name === "cancelled";
}
