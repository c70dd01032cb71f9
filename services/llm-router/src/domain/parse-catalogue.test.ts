import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { Catalogue } from "./catalogue.ts";
import { CatalogueError, parseCatalogue } from "./parse-catalogue.ts";

const good = `
providers:
  - name: openai
    base_url: https://api.example.com/v1
    max_tokens_field: max_completion_tokens
models:
  - name: small
    provider: openai
    upstream: small-2026
    context_tokens: 1000
    max_output_tokens: 100
    price: { input: 0.15, output: "0.60" }
    tools: true
    tier: 1
  - name: small+*
    provider: openai
    context_tokens: 1000
    max_output_tokens: 100
    free: true
  - name: small+special*
    provider: openai
    upstream: special
    context_tokens: 1000
    max_output_tokens: 100
    free: true
`;

function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogue(parse(text), "test.yaml");
    return [];
  } catch (error) {
    if (error instanceof CatalogueError) return error.problems;
    throw error;
  }
}

describe("a catalogue", () => {
  it("is read with exact prices, defaults, and the lexical model added", () => {
    const { providers, models } = parseCatalogue(parse(good), "test.yaml");
    expect(providers).toMatchObject([{ name: "openai", maxTokensField: "max_completion_tokens", streamUsage: true }]);
    expect(models.map(({ name }) => name)).toEqual(["small", "small+*", "small+special*", "lexical"]);
    expect(models[0]).toMatchObject({
      prices: { input: 150_000_000n, output: 600_000_000n, cachedInput: 150_000_000n },
      defaultOutputTokens: 100,
      kind: "generation",
    });
  });

  it("finds a model by its name, then by the longest pattern, and passes the asked name on", () => {
    const catalogue = new Catalogue(parseCatalogue(parse(good), "test.yaml").models);
    expect(catalogue.find("small")).toMatchObject({ upstream: "small-2026", entry: { name: "small" } });
    expect(catalogue.find("small+x")).toMatchObject({ upstream: "small+x", entry: { name: "small+*" } });
    expect(catalogue.find("small+special-1")).toMatchObject({ upstream: "special", entry: { name: "small+special*" } });
    expect(catalogue.find("small+*")?.entry.name).toBe("small+*");
    expect(catalogue.find("smaller")).toBeUndefined();
  });

  it("lists everything that is wrong at once", () => {
    const problems = problemsOf(`
providers:
  - name: Open AI
    base_url: ftp://user:pass@host
    api_key: sk-123
  - name: builtin
models:
  - name: a b
    provider: nobody
    context_tokens: 10
    max_output_tokens: 100
    price: { input: cheap, output: 1e9, extra: 1 }
    tools: yes please
  - name: auto
    provider: builtin
    context_tokens: 0
  - name: twice
    provider: builtin
    kind: embedding
    context_tokens: 10
    free: true
    price: { input: "1" }
    tier: 1
  - name: twice
    provider: builtin
    kind: painting
    context_tokens: 10
    max_output_tokens: 1
    free: true
`);
    const expected = [
      "providers[0].name must be",
      "providers[0].base_url must be an http or https address",
      "providers[0].api_key is no field",
      'providers[1].name "builtin" is the name of the built-in provider',
      "models[0].name must be",
      'models[0].provider no provider is named "nobody"',
      "models[0].max_output_tokens must not exceed context_tokens",
      "models[0].price.input must be US dollars",
      "models[0].price.output must be US dollars",
      "models[0].price.extra is no field",
      "models[0].tools must be true or false",
      'models[1].name "auto" is reserved',
      "models[1].context_tokens must be a whole number from 1",
      "models[1].max_output_tokens is missing",
      "models[1].price is missing: give the prices, or say free: true",
      "models[2].price must be absent when the model is free",
      "models[2].tier only a generation model",
      "models[3].kind must be one of generation, embedding",
      'models: "twice" is there twice',
    ];
    for (const start of expected) expect(problems.filter((problem) => problem.startsWith(start))).not.toEqual([]);
  });

  it.each(["", "just text", "- a list", "providers: []\nmodels: {}"])("that is %j is refused", (text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });

  it("does not repeat a key that somebody wrote into it", () => {
    expect(
      problemsOf(good.replace("max_tokens_field: max_completion_tokens", "api_key: sk-secret")).join(),
    ).not.toContain("sk-secret");
  });
});
