import { describe, expect, it } from "vitest";
import { readyText } from "./ready-text.ts";

const addresses = { grpc: { gateway: "127.0.0.1:7100" }, http: "127.0.0.1:7180", metrics: "127.0.0.1:7190" };

describe("readyText", () => {
  it("names the addresses and the key as they are typed in the project's folder", () => {
    const text = readyText({ addresses, dataDirectory: "/project/.data" }, "/project");
    expect(text).toContain("127.0.0.1:7100 agentmesh.gateway.v1.AgentService/StreamRun");
    expect(text).toContain("curl -sN http://127.0.0.1:7180/v1/chat/completions");
    expect(text).toContain("OPENAI_BASE_URL=http://127.0.0.1:7180/v1");
    expect(text.match(/\$\(cat \.data\/admin-key\)/g)).toHaveLength(3);
  });

  it("names a data folder elsewhere by its whole path", () => {
    const text = readyText({ addresses, dataDirectory: "/var/mesh" }, "/project");
    expect(text).toContain("$(cat /var/mesh/admin-key)");
  });
});
