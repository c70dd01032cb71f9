import { RunStatus } from "@agentmesh/contracts/orchestrator/v1/run";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { describeFailure, type Failure } from "./harness/failure.ts";
import { answerOf } from "./harness/runs.ts";

const limit = 20;
const burst = 100;

describeMesh("more calls than the mesh takes", { settings: { AGENTMESH_CONCURRENCY_LIMIT: String(limit) } }, (mesh) => {
  it("are refused with a time to come back, and cost those that were taken nothing", async () => {
    const { agents } = await mesh().person();
    const refused: Failure[] = [];
    const ask = (index: number) =>
      agents.run({ run: { agentId: "assistant", input: `What is ${index} + 1?`, sessionId: `s${index}` } }).then(
        ({ run }) => [{ run, expected: String(index + 1) }],
        (error) => {
          refused.push(describeFailure(error));
          return [];
        },
      );
    const taken = (await Promise.all(Array.from({ length: burst }, (_, index) => ask(index)))).flat();
    expect(taken.length).toBeGreaterThanOrEqual(limit);
    for (const { run, expected } of taken) {
      expect(run).toMatchObject({ status: RunStatus.SUCCEEDED });
      expect(answerOf(run)).toContain(expected);
    }
    expect(refused.length).toBe(burst - taken.length);
    expect(refused.length).toBeGreaterThan(0);
    for (const { code, reason, retryAfterMs } of refused) {
      expect({ code, reason }).toEqual({ code: "ResourceExhausted", reason: "OVERLOADED" });
      expect(retryAfterMs).toBeGreaterThan(0);
    }
    expect(await ask(0)).toHaveLength(1);
  });
});
