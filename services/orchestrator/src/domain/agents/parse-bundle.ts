import { hash } from "node:crypto";
import { parseDocument } from "yaml";
import { patternVersions } from "../patterns/pattern-versions.ts";
import type { AgentBundle } from "./bundle.ts";
import { type BundleProblem, shapeProblems } from "./bundle-problems.ts";
import type { BundleFile } from "./bundle-schema.ts";

/** The text of one file. */
export interface BundleSource {
  readonly file: string;
  readonly text: string;
}

/** A bundle, or everything that is wrong with its file. */
export type ParsedBundle = { readonly bundle: AgentBundle } | { readonly problems: readonly BundleProblem[] };

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const maxBytes = 1024 * 1024;

/** Reads an agent's file: YAML, shape, bounds. */
export function parseBundle({ file, text }: BundleSource): ParsedBundle {
  const problem = (message: string, path = "") => ({ file, path, message });
  if (text.length > maxBytes) return { problems: [problem("is larger than 1 MiB")] };
  const document = parseDocument(text, { uniqueKeys: true });
  if (document.errors.length > 0) {
    return { problems: document.errors.map(({ message }) => problem(`is not valid YAML: ${firstLine(message)}`)) };
  }
  const content: unknown = contentOf(document);
  if (typeof content !== "object" || content === null) return { problems: [problem("holds no agent")] };
  const shape = shapeProblems(content);
  if (shape.length > 0) return { problems: shape.map((found) => ({ file, ...found })) };
  const declared = content as BundleFile;
  const semantic = [...semanticProblems(declared)];
  if (semantic.length > 0) return { problems: semantic.map((found) => ({ file, ...found })) };
  return { bundle: bundleOf(declared) };
}

// Aliases can blow a small file up to gigabytes; agents need none.
function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 16 });
  } catch {
    return undefined;
  }
}

function* semanticProblems(file: BundleFile): Generator<Omit<BundleProblem, "file">> {
  const timeout = durationMs(file.limits.timeout);
  if (timeout < 10_000 || timeout > 3_600_000) {
    yield { path: "limits.timeout", message: "must be between 10s and 3600s" };
  }
  const ttl = durationMs(file.memory.ttl);
  if (ttl < 60_000 || ttl > 90 * unitMs.d) yield { path: "memory.ttl", message: "must be between 60s and 90d" };
  const seen = new Set<string>();
  for (const [index, { name }] of file.tools.entries()) {
    if (seen.has(name)) yield { path: `tools[${index}].name`, message: `names ${name} a second time` };
    seen.add(name);
  }
  if (file.pattern === "tool-use" && file.tools.length === 0) {
    yield { path: "tools", message: "must name at least one tool for the pattern tool-use" };
  }
  if (file.pattern === "tool-use" && file.limits.iterations < 2) {
    yield { path: "limits.iterations", message: "must be at least 2 for the pattern tool-use" };
  }
}

function bundleOf(file: BundleFile): AgentBundle {
  const { memory } = file;
  const content = {
    description: file.description,
    pattern: file.pattern,
    patternVersion: patternVersions[file.pattern],
    model: file.model,
    temperature: file.temperature,
    ...(file.max_output_tokens === undefined ? {} : { maxOutputTokens: file.max_output_tokens }),
    systemPrompt: file.prompts.system.trim(),
    tools: file.tools,
    memory:
      memory.kind === "none"
        ? ({ kind: "none" } as const)
        : ({ kind: "session", windowTokens: memory.window_tokens, timeToLiveMs: durationMs(memory.ttl) } as const),
    guardrailPolicy: file.guardrails.policy,
    ...(file.budget === undefined ? {} : { budgetNanoUsd: Math.round(file.budget.max_usd * 1e9) }),
    limits: {
      iterations: file.limits.iterations,
      retries: file.limits.retries,
      timeoutMs: durationMs(file.limits.timeout),
    },
  };
  const digest = hash("sha256", JSON.stringify(content), "hex").slice(0, 8);
  return { id: file.name, version: `${file.version}+${digest}`, ...content };
}

function durationMs(text: string): number {
  const [, amount, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(amount) * unitMs[unit as keyof typeof unitMs];
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
