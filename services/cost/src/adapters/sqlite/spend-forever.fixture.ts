/** A process for the tests: spends until it is killed and says what it was told is stored. */
import { openDatabase } from "@agentmesh/state";
import { NO_TOKENS } from "../../domain/charge.ts";
import { SqliteHoldsStore } from "./holds-store.ts";
import { migrations } from "./schema.ts";

const [file = ""] = process.argv.slice(2);
const most = 9_000_000_000_000_000;
const limits = { request: most, keyMonth: most, userDay: most, tenantMonth: most, globalDay: most };
const database = openDatabase({ file, synchronous: "normal", migrations });
const store = new SqliteHoldsStore({ database, clock: Date.now, limits, runRetentionMs: 86_400_000 });
const payer = { tenant: "acme", user: "ann", keyId: "" };
const attribution = { agentId: "", runId: "", type: "tool", resource: "" } as const;

async function spend(lane: number): Promise<never> {
  for (let count = 0; ; count++) {
    const holdId = `${lane}-${count}`;
    await store.hold({ holdId, payer, attribution, amount: 10, runLimit: undefined, timeToLiveMs: 3_600_000 });
    process.stdout.write(`held ${holdId}\n`);
    if (count % 3 === 0) continue;
    await store.settle({ tenant: "acme", holdId, amount: 7, tokens: NO_TOKENS, estimated: false });
    process.stdout.write(`settled ${holdId}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(spend));
