import { LimitScope } from "@agentmesh/contracts/cost/v1/cost";
import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { eventually } from "./harness/eventually.ts";
import { failureOf } from "./harness/failure.ts";
import { promptOf } from "./harness/messages.ts";
import type { Person } from "./harness/person.ts";
import { eventsOf } from "./harness/runs.ts";

/** What a user has spent and reserved today. */
async function stateOf(person: Person) {
  const { limits } = await person.usage.listLimits({});
  const state = limits.find(({ scope, subject }) => scope === LimitScope.USER_DAY && subject === person.user);
  return {
    limit: state?.limit?.nanoUsd ?? 0n,
    settled: state?.settled?.nanoUsd ?? 0n,
    held: state?.held?.nanoUsd ?? 0n,
  };
}

async function limit(admin: Person, person: Person, nanoUsd: bigint): Promise<void> {
  await admin.usage.setLimit({ limit: { scope: LimitScope.USER_DAY, subject: person.user, limit: { nanoUsd } } });
}

describeMesh("budgets", {}, (mesh) => {
  it("refuse what would exceed them, name the limit, and admit again once it is raised", async () => {
    const person = await mesh().person();
    await limit(mesh().admin, person, 1n);
    const refused = await failureOf(person.models.generate({ prompt: promptOf("Hello", { maxOutputTokens: 100 }) }));
    expect(refused).toMatchObject({ code: "ResourceExhausted", reason: "BUDGET_EXCEEDED" });
    expect(refused.quotas).toEqual([expect.stringContaining(person.user)]);
    expect(await stateOf(person)).toEqual({ limit: 1n, settled: 0n, held: 0n });
    await limit(mesh().admin, person, 1_000_000_000n);
    await person.models.generate({ prompt: promptOf("Hello", { maxOutputTokens: 100 }) });
  });

  it("end a run that they do not allow with their own reason, and its journal says so", async () => {
    const person = await mesh().person();
    await limit(mesh().admin, person, 1n);
    const events = await eventsOf(
      person.agents.streamRun({ run: { agentId: "assistant", input: "What is 17 * 23?" } }),
    );
    expect(events.at(-1)?.event).toMatchObject({ case: "failed", value: { error: { reason: "BUDGET_EXCEEDED" } } });
  });

  it("of a single run stop it, whatever its owner may spend", async () => {
    const person = await mesh().person();
    const run = { agentId: "assistant", input: "What is 17 * 23?", budget: { nanoUsd: 1n } };
    const { run: ended } = await person.agents.run({ run });
    expect(ended).toMatchObject({ status: RunStatus.FAILED, error: { reason: "BUDGET_EXCEEDED" } });
    expect((await stateOf(person)).settled).toBe(0n);
  });

  it("are never exceeded by 64 runs at once near the limit", async () => {
    const person = await mesh().person();
    await limit(mesh().admin, person, 200_000_000n);
    const submit = () => person.agents.submitRun({ run: { agentId: "assistant", input: "What is 17 * 23?" } });
    let worst = 0n;
    let running = true;
    const watching = (async () => {
      while (running) {
        const { settled, held } = await stateOf(person);
        if (settled + held > worst) worst = settled + held;
      }
    })();
    await Promise.all(Array.from({ length: 64 }, submit));
    const ended = async () =>
      (await person.agents.listRuns({ pageSize: 200 })).runs.filter((run) => run.ended !== undefined);
    const runs = await eventually(ended, ({ length }) => length === 64);
    running = false;
    await watching;
    const succeeded = runs.filter(({ status }) => status === RunStatus.SUCCEEDED);
    const failed = runs.filter(({ status }) => status === RunStatus.FAILED);
    expect(succeeded.length).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
    expect(new Set(failed.map(({ error }) => error?.reason))).toEqual(new Set(["BUDGET_EXCEEDED"]));
    expect(worst).toBeLessThanOrEqual(200_000_000n);
    const { settled, held } = await stateOf(person);
    expect(held).toBe(0n);
    expect(settled).toBe(runs.reduce((sum, { cost }) => sum + (cost?.nanoUsd ?? 0n), 0n));
  });

  it("count nothing for a model that answered nothing", async () => {
    const person = await mesh().person();
    const model = "simulator-small+status=400";
    await failureOf(person.models.generate({ prompt: promptOf("Hello", { model }) }));
    expect(await stateOf(person)).toMatchObject({ settled: 0n, held: 0n });
  });

  it.each([
    ["a negative amount", { scope: LimitScope.USER_DAY, subject: "u", limit: { nanoUsd: -1n } }],
    [
      "more than can be counted",
      { scope: LimitScope.USER_DAY, subject: "u", limit: { nanoUsd: 9_000_000_000_000_001n } },
    ],
    ["no subject", { scope: LimitScope.USER_DAY, subject: "", limit: { nanoUsd: 1n } }],
    ["a scope that settings own", { scope: LimitScope.GLOBAL_DAY, subject: "", limit: { nanoUsd: 1n } }],
  ])("cannot be set to %s", async (_what, wish) => {
    const refused = await failureOf(mesh().admin.usage.setLimit({ limit: wish }));
    expect(refused.code).toBe("InvalidArgument");
    expect(refused.reason).toMatch(/^INVALID_(LIMIT|AMOUNT)$/);
  });
});
