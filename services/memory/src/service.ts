import type { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { scopeOf } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import type { CollectionName } from "./domain/memory-store.ts";
import type { Owner } from "./domain/owner.ts";
import type { SemanticMemory } from "./domain/semantic-memory.ts";
import type { Sessions } from "./domain/sessions.ts";
import { errors } from "./errors.ts";
import { messageInit, messageOf, recordInit, sessionInit, sessionMessageInit } from "./mapping.ts";

/** The handlers of MemoryService. */
export function memoryService(sessions: Sessions, memory: SemanticMemory): ServiceImpl<typeof MemoryService> {
  return { ...sessionHandlers(sessions), ...memoryHandlers(memory) };
}

function sessionHandlers(sessions: Sessions) {
  return {
    async getSession({ sessionId }, context) {
      return { session: sessionInit(await sessions.get(ownerOf(context), sessionId)) };
    },
    async listSessions(request, context) {
      const { items, nextPageToken } = await sessions.list(ownerOf(context), request);
      return { sessions: items.map(sessionInit), nextPageToken };
    },
    async listMessages(request, context) {
      const { items, nextPageToken } = await sessions.messages(ownerOf(context), request.sessionId, request);
      return { messages: items.map(sessionMessageInit), nextPageToken };
    },
    async loadWindow({ sessionId, maxTokens }, context) {
      const { messages, version, truncated } = await sessions.window(ownerOf(context), sessionId, maxTokens);
      return { messages: messages.map(messageInit), version: BigInt(version), truncated };
    },
    async appendTurn({ sessionId, expectedVersion, turnId, messages, timeToLive }, context) {
      const version = await sessions.append(ownerOf(context), {
        sessionId,
        expectedVersion: Number(expectedVersion),
        turnId,
        messages: messages.map((message, index) => messageOf(message, `messages[${index}]`)),
        timeToLiveMs: millisecondsOf(timeToLive),
      });
      return { version: BigInt(version) };
    },
    async deleteSession({ sessionId }, context) {
      await sessions.delete(ownerOf(context), sessionId);
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof MemoryService>>;
}

function memoryHandlers(memory: SemanticMemory) {
  return {
    async remember({ id, collection, text, metadata = {} }, context) {
      const scope = scopeOf(context);
      return {
        record: recordInit(await memory.remember(collectionOf(scope, collection), { id, text, metadata }, scope)),
      };
    },
    async recall({ collection, query: text, limit, minScore }, context) {
      const scope = scopeOf(context);
      const neighbours = await memory.recall(collectionOf(scope, collection), { text, limit, minScore }, scope);
      return { results: neighbours.map(({ record, score }) => ({ record: recordInit(record), score })) };
    },
    async forget({ collection, id }, context) {
      await memory.forget(collectionOf(scopeOf(context), collection), id);
      return {};
    },
  } satisfies Partial<ServiceImpl<typeof MemoryService>>;
}

function ownerOf(context: HandlerContext): Owner {
  return ownerOfScope(scopeOf(context));
}

function ownerOfScope({ credential }: CallScope): Owner {
  const { tenant, user } = credential?.principal ?? {};
  if (tenant === undefined || tenant === "" || user === undefined || user === "") throw errors.PRINCIPAL_REQUIRED();
  return { tenant, user };
}

function collectionOf(scope: CallScope, collection: string): CollectionName {
  return { owner: ownerOfScope(scope), collection: collection === "" ? "default" : collection };
}

// A duration with absurd parts becomes a number that the domain refuses.
function millisecondsOf(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : durationMs(duration);
}
