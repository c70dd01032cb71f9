import { type ConfigOf, defineSettings, duration } from "@agentmesh/config";
import { money } from "./money-setting.ts";

/** The settings of cost. */
export const settings = defineSettings("cost", {
  requestLimit: money({
    env: "AGENTMESH_COST_REQUEST_LIMIT_USD",
    default: "5",
    help: "Most that one hold may reserve, in US dollars.",
  }),
  keyMonthLimit: money({
    env: "AGENTMESH_COST_KEY_MONTH_LIMIT_USD",
    default: "1000",
    help: "Most that one API key may spend in a calendar month (UTC), in US dollars, unless SetLimit says otherwise.",
  }),
  userDayLimit: money({
    env: "AGENTMESH_COST_USER_DAY_LIMIT_USD",
    default: "100",
    help: "Most that one user may spend on a calendar day (UTC), in US dollars, unless SetLimit says otherwise.",
  }),
  tenantMonthLimit: money({
    env: "AGENTMESH_COST_TENANT_MONTH_LIMIT_USD",
    default: "5000",
    help: "Most that one tenant may spend in a calendar month (UTC), in US dollars, unless SetLimit says otherwise.",
  }),
  globalDayLimit: money({
    env: "AGENTMESH_COST_GLOBAL_DAY_LIMIT_USD",
    default: "10000",
    help: "Most that the whole installation may spend on a calendar day (UTC), in US dollars.",
  }),
  sweepInterval: duration({
    env: "AGENTMESH_COST_SWEEP_INTERVAL",
    default: "1s",
    min: "100ms",
    max: "1m",
    help: "How often holds whose time is over are charged as estimates.",
  }),
  trimInterval: duration({
    env: "AGENTMESH_COST_TRIM_INTERVAL",
    default: "10m",
    min: "1s",
    max: "1d",
    help: "How often what is older than its retention is removed.",
  }),
  holdRetention: duration({
    env: "AGENTMESH_COST_HOLD_RETENTION",
    default: "2d",
    min: "1h",
    max: "90d",
    help: "How long an ended hold is remembered, so that a repeated or late call finds it.",
  }),
  ledgerRetention: duration({
    env: "AGENTMESH_COST_LEDGER_RETENTION",
    default: "90d",
    min: "2d",
    max: "3650d",
    help: "How long single charges are kept; older ones are summed up per day and lose their run.",
  }),
  runRetention: duration({
    env: "AGENTMESH_COST_RUN_RETENTION",
    default: "30d",
    min: "1d",
    max: "365d",
    help: "How long the spending of a run counts towards its cap after its last charge.",
  }),
});

/** The loaded settings. */
export type CostConfig = ConfigOf<typeof settings>;
