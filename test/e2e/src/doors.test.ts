import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { bufCurl, doors } from "./harness/doors.ts";
import { answerIn, journalOf, namesOf, streamedText, toolCallsIn } from "./harness/runs.ts";
import { allTopologies } from "./harness/topologies.ts";

describeMesh("one run through every client", { topologies: allTopologies }, (mesh) => {
  it.each(doors)("$name streams a run in which the agent calculates and answers rightly", async (door) => {
    const person = await mesh().person({ scopes: ["agents:run"] });
    const events = await door.streamRun(mesh(), person.secret, { agentId: "assistant", input: "What is 17 * 23?" });
    const journal = journalOf(events);
    expect(namesOf(journal)).toEqual(["accepted", "started", "modelCalled", "toolCalled", "modelCalled", "succeeded"]);
    expect(journal.map(({ seq }) => Number(seq))).toEqual([1, 2, 3, 4, 5, 6]);
    expect(toolCallsIn(events)).toMatchObject([{ call: { name: "calculator" }, isError: false }]);
    expect(answerIn(events)).toContain("391");
    expect(streamedText(events)).toBe(answerIn(events));
  });

  it("buf curl finds every public service by reflection, and no other", async () => {
    const person = await mesh().person();
    const { code, out } = await bufCurl(
      `http://${mesh().grpcAddress}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`,
      person.secret,
      '{"listServices": ""}',
    );
    expect(code).toBe(0);
    const services = [...out.matchAll(/"name": "([^"]+)"/g)].map(([, name]) => name);
    expect(services).toEqual(
      expect.arrayContaining([
        "agentmesh.gateway.v1.AgentService",
        "agentmesh.gateway.v1.KeyService",
        "agentmesh.gateway.v1.ModelService",
        "agentmesh.gateway.v1.SessionService",
        "agentmesh.gateway.v1.UsageService",
        "grpc.health.v1.Health",
      ]),
    );
    expect(
      services.filter((name) => /cost|memory|orchestrator|guardrail|llm_router|tool_registry/.test(name ?? "")),
    ).toEqual([]);
  });

  it("buf curl asks for the health of the mesh without a key", async () => {
    const url = `http://${mesh().grpcAddress}/grpc.health.v1.Health/Check`;
    for (const service of ["", "readiness", "liveness", "agentmesh.gateway.v1.AgentService"]) {
      const { out } = await bufCurl(url, "none", JSON.stringify({ service }));
      expect(JSON.parse(out)).toEqual({ status: "SERVING" });
    }
  });

  it("reflection knows the details of errors as well, so that tools can show them", async () => {
    const person = await mesh().person();
    const { code, out } = await bufCurl(
      `http://${mesh().grpcAddress}/grpc.reflection.v1.ServerReflection/ServerReflectionInfo`,
      person.secret,
      '{"fileContainingSymbol": "google.rpc.ErrorInfo"}',
    );
    expect(code).toBe(0);
    expect(out).toContain("fileDescriptorResponse");
  });

  it("buf curl shows a typed error with its details", async () => {
    const person = await mesh().person();
    const url = `http://${mesh().grpcAddress}/agentmesh.gateway.v1.AgentService/Run`;
    const { code, err } = await bufCurl(url, person.secret, '{"run": {"agent_id": "nobody", "input": "Hello"}}');
    expect(code).toBe(5 << 3);
    const { details } = JSON.parse(err);
    expect(details).toMatchObject([{ type: "google.rpc.ErrorInfo" }]);
    expect(Buffer.from(details[0].value, "base64").toString()).toContain("AGENT_NOT_FOUND");
  });
});
