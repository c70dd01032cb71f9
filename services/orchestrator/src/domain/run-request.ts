import type { Principal } from "@agentmesh/rpc/scope";
import type { Message } from "./message.ts";

/** What a worker needs to carry a run out. Stored with its first event. */
export interface RunRequest {
  /** Who it acts for. */
  readonly principal: Principal;
  /** The proof that other services accept; good for longer than any run. */
  readonly token: string;
  /** Earlier messages that the client keeps itself; checked. */
  readonly history: readonly Message[];
  /** Most it may spend; undefined: only the budgets of key, user and tenant apply. */
  readonly budgetNanoUsd?: number;
  /** Whether text is published while the model writes. */
  readonly stream: boolean;
  /** The trace of the request that started it. */
  readonly traceparent?: string;
}
