import { CostService } from "@agentmesh/contracts/cost/v1/cost";
import { defineModule } from "@agentmesh/modules";
import { bind } from "@agentmesh/rpc";
import { SqliteHoldsStore } from "./adapters/sqlite/holds-store.ts";
import { migrations } from "./adapters/sqlite/schema.ts";
import { type CostConfig, settings } from "./config.ts";
import { Budgets } from "./domain/budgets.ts";
import type { DefaultLimits } from "./domain/limits.ts";
import { Sweeper } from "./domain/sweeper.ts";
import { costInstruments } from "./metrics.ts";
import { costService } from "./service.ts";

/** Budgets, holds and the ledger. */
export const costModule = defineModule({
  name: "cost",
  settings,
  dependsOn: [],
  services: [CostService],
  async create(host, config) {
    const { clock } = host;
    const { logger, metrics } = host.telemetry;
    const database = await host.database(migrations);
    const limits = defaultLimitsOf(config);
    const store = new SqliteHoldsStore({ database, clock, limits, runRetentionMs: config.runRetention });
    const budgets = new Budgets({ store, logger, instruments: costInstruments(metrics) });
    const sweeper = new Sweeper({ store, budgets, clock, logger, settings: sweepSettingsOf(config) });
    return {
      bindings: [bind(CostService, costService(budgets, clock))],
      async start() {
        sweeper.start();
      },
      stop: () => sweeper.stop(),
    };
  },
});

function defaultLimitsOf(config: CostConfig): DefaultLimits {
  return {
    request: config.requestLimit,
    keyMonth: config.keyMonthLimit,
    userDay: config.userDayLimit,
    tenantMonth: config.tenantMonthLimit,
    globalDay: config.globalDayLimit,
  };
}

function sweepSettingsOf(config: CostConfig) {
  return {
    intervalMs: config.sweepInterval,
    trimIntervalMs: config.trimInterval,
    holdRetentionMs: config.holdRetention,
    ledgerRetentionMs: config.ledgerRetention,
  };
}
