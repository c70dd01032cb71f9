import type { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { callOptionsOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  DependencyError,
  type SessionAppend,
  type Sessions,
  type SessionTurn,
  type SessionWindow,
} from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { contractMessage, domainMessage } from "./message-codec.ts";

/** Conversations by way of memory. */
export class MemorySessions implements Sessions {
  readonly #memory: Client<typeof MemoryService>;

  constructor(memory: Client<typeof MemoryService>) {
    this.#memory = memory;
  }

  async load(scope: CallScope, sessionId: string, maxTokens: number): Promise<SessionWindow> {
    const window = await answered(this.#memory.loadWindow({ sessionId, maxTokens }, callOptionsOf(scope)));
    return {
      messages: window.messages.map(domainMessage),
      version: Number(window.version),
      truncated: window.truncated,
    };
  }

  async append(scope: CallScope, turn: SessionTurn): Promise<SessionAppend> {
    const request = {
      sessionId: turn.sessionId,
      expectedVersion: BigInt(turn.expectedVersion),
      turnId: turn.turnId,
      messages: turn.messages.map(contractMessage),
      timeToLive: durationFromMs(turn.timeToLiveMs),
    };
    try {
      await answered(this.#memory.appendTurn(request, callOptionsOf(scope)));
      return { stored: true };
    } catch (error) {
      const current = conflictingVersion(error);
      if (current === undefined) throw error;
      return { stored: false, currentVersion: current };
    }
  }
}

function conflictingVersion(error: unknown): number | undefined {
  if (!(error instanceof DependencyError) || error.reason !== "VERSION_CONFLICT") return undefined;
  const current = Number(error.metadata.current_version);
  return Number.isSafeInteger(current) ? current : undefined;
}
