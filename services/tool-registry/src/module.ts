import { ConfigError } from "@agentmesh/config";
import { MemoryService } from "@agentmesh/contracts/memory/v1/memory";
import { ToolRegistryService } from "@agentmesh/contracts/tool_registry/v1/tool_registry";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { MemoryClient } from "./adapters/memory/memory-client.ts";
import { migrations } from "./adapters/sqlite/schema.ts";
import { SqliteStepStore } from "./adapters/sqlite/step-store.ts";
import { settings, type ToolRegistryConfig } from "./config.ts";
import { Catalogue } from "./domain/catalogue.ts";
import { Sweeper } from "./domain/sweeper.ts";
import type { Tool } from "./domain/tool.ts";
import { ToolExecutor } from "./domain/tool-executor.ts";
import { ToolReport } from "./domain/tool-report.ts";
import { builtInTools } from "./domain/tools/built-in.ts";
import { toolInstruments } from "./metrics.ts";
import { toolRegistryService } from "./service.ts";

/** Tools, their permissions and the leased record per step. */
export const toolRegistryModule = defineModule({
  name: "tool-registry",
  settings,
  dependsOn: ["memory"],
  services: [ToolRegistryService],
  async create(host, config) {
    const { clock, telemetry } = host;
    const { logger, metrics, tracer } = telemetry;
    const tools = builtInTools({ clock, memory: new MemoryClient(host.client(MemoryService)) });
    const catalogue = catalogueOf(tools, config);
    const store = await SqliteStepStore.open(await host.database(migrations), clock);
    const report = new ToolReport(logger, toolInstruments(metrics));
    const executor = new ToolExecutor({ catalogue, store, report, logger, tracer, leaseGraceMs: config.leaseGrace });
    const sweeper = new Sweeper({
      store,
      clock,
      logger,
      intervalMs: config.sweepInterval,
      retentionMs: config.stepRetention,
    });
    return {
      bindings: [bind(ToolRegistryService, toolRegistryService(catalogue, executor))],
      async start() {
        sweeper.start();
      },
      drain: () => executor.drain(),
      async stop() {
        executor.stop();
        await sweeper.stop();
      },
    };
  },
});

/** @throws ConfigError for a price of a tool that does not exist */
function catalogueOf(tools: readonly Tool[], { pricePerCall, prices }: ToolRegistryConfig): Catalogue {
  const names = tools.map(({ name }) => name);
  const unknown = [...prices.keys()].filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const message = `names tools that do not exist: ${unknown.join(", ")}; there are ${names.join(", ")}`;
    throw new ConfigError([{ env: settings.fields.prices.env, message }]);
  }
  return new Catalogue(tools, { perCall: pricePerCall, perTool: prices });
}
