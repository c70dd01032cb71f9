import { AgentService } from "@agentmesh/contracts/gateway/v1/agent_service";
import type { ApiKey } from "@agentmesh/contracts/gateway/v1/key_service";
import { KeyService } from "@agentmesh/contracts/gateway/v1/key_service";
import { ModelService } from "@agentmesh/contracts/gateway/v1/model_service";
import { SessionService } from "@agentmesh/contracts/gateway/v1/session_service";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { type Client, createClient, type Interceptor, type Transport } from "@connectrpc/connect";

/** The public services with one key. */
export interface Clients {
  readonly agents: Client<typeof AgentService>;
  readonly models: Client<typeof ModelService>;
  readonly sessions: Client<typeof SessionService>;
  readonly usage: Client<typeof UsageService>;
  readonly keys: Client<typeof KeyService>;
}

/** Somebody with a key of their own. */
export interface Person extends Clients {
  readonly user: string;
  readonly key: ApiKey;
  /** The key's secret. */
  readonly secret: string;
}

/** Sends a key with every call. */
export function withKey(secret: string): Interceptor {
  return (next) => (request) => {
    request.header.set("authorization", `Bearer ${secret}`);
    return next(request);
  };
}

/** Clients of the public services over a transport. */
export function clientsOver(transport: Transport): Clients {
  return {
    agents: createClient(AgentService, transport),
    models: createClient(ModelService, transport),
    sessions: createClient(SessionService, transport),
    usage: createClient(UsageService, transport),
    keys: createClient(KeyService, transport),
  };
}
