import type { SessionService } from "@agentmesh/contracts/gateway/v1/session_service";
import type { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { callOptionsOf, scopeOf } from "@agentmesh/rpc";
import type { Client, ServiceImpl } from "@connectrpc/connect";
import { optional } from "./optional.ts";

/** SessionService over memory. */
export function sessionService(memory: Client<typeof MemoryService>): ServiceImpl<typeof SessionService> {
  return {
    async getSession({ sessionId, pageSize, pageToken }, context) {
      const options = callOptionsOf(scopeOf(context));
      const [found, { messages, nextPageToken }] = await Promise.all([
        memory.getSession({ sessionId }, options),
        memory.listMessages({ sessionId, pageSize, pageToken }, options),
      ]);
      return { ...optional(found, "session"), messages, nextPageToken };
    },
    async listSessions({ pageSize, pageToken }, context) {
      const found = await memory.listSessions({ pageSize, pageToken }, callOptionsOf(scopeOf(context)));
      return { sessions: found.sessions, nextPageToken: found.nextPageToken };
    },
    async deleteSession({ sessionId }, context) {
      await memory.deleteSession({ sessionId }, callOptionsOf(scopeOf(context)));
      return {};
    },
  };
}
