/** Two small modules for the tests: a gateway that asks cost, over the true contracts. */

import { defineSettings, integer } from "@agentmesh/config";
import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { UsageService } from "@agentmesh/contracts/gateway/v1/usage_service";
import { bind, callOptionsOf, rpcError, scopeOf } from "@agentmesh/rpc";
import type { DescService } from "@bufbuild/protobuf";
import { Code, type ServiceImpl } from "@connectrpc/connect";
import { defineModule, type Module, type ModuleHost, type RunningModule } from "./module.ts";

/** What the tests may watch and steer. */
export interface Probe {
  /** What happened, in order: "cost created", "gateway drained", … */
  readonly events: string[];
  /** Awaited by every ListLimits call of cost. */
  answer?: () => Promise<void>;
  /** Throws in the step of that name: "cost start". */
  failAt?: string;
  hosts?: ModuleHost[];
  /** True: the stores of the modules do not answer. */
  broken?: boolean;
}

/** The only API key that the test gateway knows. */
export const testKey = "test-key";

const migrations = ["CREATE TABLE asked (tenant TEXT NOT NULL) STRICT"];

export function testCostModule(probe: Probe): Module {
  return defineModule({
    name: "cost",
    settings: defineSettings("cost", {
      most: integer({ env: "AGENTMESH_COST_MOST", default: 3, min: 1, max: 9, help: "Most of it." }),
    }),
    dependsOn: [],
    services: [CostService],
    create: async (host) => {
      probe.hosts?.push(host);
      const database = await host.database(migrations);
      const listLimits: ServiceImpl<typeof CostService>["listLimits"] = async (_request, context) => {
        await probe.answer?.();
        const tenant = scopeOf(context).credential?.principal.tenant ?? "";
        await database.run("INSERT INTO asked VALUES (?)", tenant);
        return { limits: [{ subject: tenant }] };
      };
      return running("cost", probe, [bind(CostService, partly(CostService, { listLimits }))]);
    },
  });
}

export function testGatewayModule(probe: Probe): Module {
  return defineModule({
    name: "gateway",
    settings: defineSettings("gateway", {}),
    dependsOn: ["cost"],
    services: [UsageService],
    signsPrincipals: true,
    create: async (host) => {
      probe.hosts?.push(host);
      const cost = host.client(CostService);
      const principal = {
        tenant: "acme",
        user: "u",
        keyId: "k",
        roles: [],
        scopes: ["usage:read", "diagnostics:read"],
      };
      const listLimits: ServiceImpl<typeof UsageService>["listLimits"] = async (_request, context) => {
        const { limits } = await cost.listLimits({}, callOptionsOf(scopeOf(context)));
        return { limits };
      };
      return {
        ...running("gateway", probe, [bind(UsageService, partly(UsageService, { listLimits }))]),
        edge: {
          authenticate: (request) => {
            const given = request.header.get("authorization");
            if (given === null) return undefined;
            if (given !== `Bearer ${testKey}`) throw rpcError(Code.Unauthenticated, "KEY_UNKNOWN", "no such key");
            return host.signer?.credential(principal);
          },
          httpGuard: (request, response) => {
            if (request.method !== "OPTIONS") return false;
            response.writeHead(204).end();
            return true;
          },
          httpRoutes: () => (request, response) => response.writeHead(404).end(`nothing at ${request.url}`),
        },
      };
    },
  });
}

function running(name: string, probe: Probe, bindings: RunningModule["bindings"]): RunningModule {
  const step = async (step: string): Promise<void> => {
    if (probe.failAt === `${name} ${step}`) throw new Error(`asked to fail at ${step}`);
    probe.events.push(`${name} ${step}`);
  };
  if (probe.failAt === `${name} create`) throw new Error("asked to fail at create");
  probe.events.push(`${name} create`);
  const ready = async () => {
    if (probe.broken === true) throw new Error("the store does not answer");
  };
  return { bindings, ready, start: () => step("start"), drain: () => step("drain"), stop: () => step("stop") };
}

/** Handlers for the methods that the tests call; the others must not be called. */
function partly<S extends DescService>(service: S, handlers: Partial<ServiceImpl<S>>): ServiceImpl<S> {
  const unexpected = (name: string) => () => Promise.reject(new Error(`${name} is not part of this test`));
  const all = service.methods.map(({ localName }) => [localName, unexpected(localName)]);
  return { ...Object.fromEntries(all), ...handlers };
}
