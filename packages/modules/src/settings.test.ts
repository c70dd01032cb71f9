import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testCostModule, testGatewayModule } from "./mesh.fixture.ts";
import { loadProcessConfig, ownerOf } from "./process-config.ts";
import { version } from "./version.ts";

const cost = testCostModule({ events: [] });
const gateway = testGatewayModule({ events: [] });

describe("the settings of a process", () => {
  it("give every service ports of its own", () => {
    const alone = loadProcessConfig([cost], {});
    expect([alone.grpcPortOf(cost), alone.metricsPort]).toEqual([7106, 7197]);
    const together = loadProcessConfig([gateway, cost], {});
    expect([together.grpcPortOf(gateway), together.httpPortOf(gateway), together.metricsPort]).toEqual([
      7100, 7180, 7190,
    ]);
  });

  it("read a relative data folder from the project's folder, wherever the process starts", () => {
    const project = join(import.meta.dirname, "..", "..", "..");
    expect(loadProcessConfig([cost], {}).dataDirectory).toBe(join(project, ".data"));
    expect(loadProcessConfig([cost], { AGENTMESH_DATA_DIR: "/var/mesh" }).dataDirectory).toBe("/var/mesh");
  });

  it("accept what belongs to other services of the same environment", () => {
    const environment = {
      AGENTMESH_LLM_ROUTER_ANYTHING: "x",
      AGENTMESH_GATEWAY_GRPC_PORT: "1",
      AGENTMESH_COST_ADDRESS: "cost:7106",
    };
    expect(loadProcessConfig([cost], environment).addresses.cost).toBe("cost:7106");
  });

  it("know whose a proto package is", () => {
    expect(ownerOf("agentmesh.llm_router.v1.LlmRouterService")).toBe("llm-router");
    expect(() => ownerOf("agentmesh.nobody.v1.Service")).toThrow("belongs to no module");
  });

  it("report the version of the packages", () => {
    const text = readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8");
    expect(version).toBe(JSON.parse(text).version);
  });
});
