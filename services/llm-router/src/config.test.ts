import { ConfigError, loadConfig, printConfig } from "@agentmesh/config";
import { describe, expect, it } from "vitest";
import { settings } from "./config.ts";

const load = (environment: Record<string, string>) => loadConfig([settings], { environment })["llm-router"];
const name = (rest: string) => `AGENTMESH_LLM_ROUTER_${rest}`;

describe("the settings", () => {
  it("point at the simulator when nothing is set", () => {
    expect(load({})).toMatchObject({
      providerUrl: "http://127.0.0.1:7199/v1",
      defaultModel: "auto",
      catalogue: undefined,
    });
  });

  it("take keys by provider, from commas or lines", () => {
    const keys = load({ [name("PROVIDER_API_KEYS")]: "openai=sk-1=x, groq=gsk\nlocal=none\n" }).providerApiKeys;
    expect([...(keys ?? [])]).toEqual([
      ["openai", "sk-1=x"],
      ["groq", "gsk"],
      ["local", "none"],
    ]);
  });

  it("are refused together, without showing a key", () => {
    const environment = {
      [name("PROVIDER_URL")]: "http://user:pass@host/v1",
      [name("PROVIDER_API_KEYS")]: "sk-secret",
      [name("CALL_TIMEOUT")]: "2h",
    };
    expect(() => load(environment)).toThrow(ConfigError);
    try {
      load(environment);
    } catch (error) {
      expect((error as ConfigError).problems).toHaveLength(3);
      expect(String(error)).not.toContain("sk-secret");
    }
  });

  it("do not print keys", () => {
    const loaded = loadConfig([settings], {
      environment: { [name("PROVIDER_API_KEYS")]: "openai=sk-secret", [name("PROVIDER_API_KEY")]: "sk-other" },
    });
    expect(printConfig([settings], loaded)).not.toMatch(/sk-/);
  });
});
