/** The other services as a run sees them, scripted: for tests of the domain. Each call is recorded. */
import type { CallScope } from "@agentmesh/rpc/scope";
import { CallLimiter } from "../domain/durable/call-limiter.ts";
import type { RunPorts } from "../domain/durable/run-context.ts";
import type { FinishReason, ModelAnswer, Verdict } from "../domain/events.ts";
import type { Message } from "../domain/message.ts";
import type {
  CheckedContent,
  CheckResult,
  ModelRequest,
  RunFeed,
  ToolExecution,
  ToolInfo,
  ToolResult,
} from "../domain/ports.ts";

/** What a scripted model says. */
export interface ScriptedAnswer {
  readonly text?: string;
  readonly calls?: readonly { readonly id?: string; readonly name: string; readonly arguments?: string }[];
  readonly finishReason?: FinishReason;
}

/** How the scripted services behave; everything has a default. */
export interface MeshScript {
  readonly model?: (request: ModelRequest, scope: CallScope) => ScriptedAnswer | Promise<ScriptedAnswer>;
  readonly tool?: (execution: ToolExecution, scope: CallScope) => ToolResult | Promise<ToolResult>;
  readonly tools?: readonly ToolInfo[];
  readonly verdict?: (content: CheckedContent) => { verdict: Verdict; text?: string } | undefined;
  readonly hold?: (holdId: string) => void;
  /** Called before anything is done, and again after it, with the name of the call. May throw or never return. */
  readonly around?: (moment: "before" | "after", call: string) => void | Promise<void>;
}

/** What was called. */
export interface MeshRecord {
  readonly models: ModelRequest[];
  /** Really executed, not answered from the registry's record. */
  readonly executed: ToolExecution[];
  readonly checks: CheckedContent[];
  readonly holds: Map<string, { amount: number; state: "held" | "settled" | "released"; settled?: number }>;
  readonly sessions: Map<string, { version: number; turns: Map<string, readonly Message[]> }>;
}

const usage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 0, reasoningTokens: 0, estimated: false };

/** A tool that answers with its arguments. */
export function toolInfo(name: string, more: Partial<ToolInfo> = {}): ToolInfo {
  return {
    name,
    description: `Does ${name}.`,
    parameters: { type: "object" },
    requiredScope: "",
    priceNanoUsd: 100,
    ...more,
  };
}

/** Scripted services; state survives a "crash" of the orchestrator, as that of real services does. */
export function scriptedMesh(script: MeshScript, feed: RunFeed): { ports: RunPorts; record: MeshRecord } {
  const record: MeshRecord = { models: [], executed: [], checks: [], holds: new Map(), sessions: new Map() };
  return { ports: portsOver(script, record, feed), record };
}

/** Ports over a record that exists already. */
export function portsOver(script: MeshScript, record: MeshRecord, feed: RunFeed): RunPorts {
  const results = toolResultsOf(record);
  const call = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    await script.around?.("before", name);
    const value = await work();
    await script.around?.("after", name);
    return value;
  };
  const generate = (scope: CallScope, request: ModelRequest) =>
    call(`model ${request.attribution.stepKey}`, async () => {
      record.models.push(request);
      return answerOf(await interruptible(scope, script.model?.(request, scope) ?? { text: "done" }), request);
    });
  const check = async (contents: readonly CheckedContent[]) => {
    record.checks.push(...contents);
    return contents.map((content) => resultOf(script, content));
  };
  return {
    feed,
    toolCalls: new CallLimiter(4),
    models: {
      generate,
      async stream(scope, request, onText) {
        const answer = await generate(scope, request);
        for (const { text } of answer.message.parts) for (const word of text.split(/(?<= )/)) onText(word);
        return answer;
      },
    },
    guardrail: {
      check: (_scope, _policy, contents) => call("check", () => check(contents)),
      async checkStream(scope, { stage, produce, passed }) {
        let text = "";
        const value = await produce(scope, (delta) => {
          text += delta;
        });
        const [result] = await check([{ stage, text }]);
        if (result === undefined) throw new Error("no result");
        if (result.text !== "") passed(result.text);
        return { ...result, value };
      },
    },
    sessions: {
      load: (_scope, sessionId) =>
        call("load", () => {
          const session = record.sessions.get(sessionId);
          const messages = [...(session?.turns.values() ?? [])].flat();
          return { messages, version: session?.version ?? 0, truncated: false };
        }),
      append: (_scope, turn) =>
        call("append turn", () => {
          const session = record.sessions.get(turn.sessionId) ?? { version: 0, turns: new Map() };
          if (session.turns.has(turn.turnId)) return { stored: true };
          if (session.version !== turn.expectedVersion) return { stored: false, currentVersion: session.version };
          session.turns.set(turn.turnId, turn.messages);
          record.sessions.set(turn.sessionId, { ...session, version: session.version + 1 });
          return { stored: true };
        }),
    },
    tools: {
      list: async (_scope, names) =>
        (script.tools ?? names.map((name) => toolInfo(name))).filter(({ name }) => names.includes(name)),
      execute: (scope, execution) =>
        call(`tool ${execution.stepKey}`, async () => {
          const key = `${execution.runId}/${execution.stepKey}`;
          const known = results.get(key);
          if (known !== undefined) return known;
          record.executed.push(execution);
          const result = await interruptible(
            scope,
            script.tool?.(execution, scope) ?? { content: execution.argumentsJson, isError: false, errorReason: "" },
          );
          results.set(key, result);
          return result;
        }),
    },
    costs: {
      hold: (_scope, { holdId, amountNanoUsd }) =>
        call("hold", () => {
          script.hold?.(holdId);
          if (!record.holds.has(holdId)) record.holds.set(holdId, { amount: amountNanoUsd, state: "held" });
        }),
      settle: (_scope, holdId, settled) =>
        call("settle", () => {
          record.holds.set(holdId, { amount: record.holds.get(holdId)?.amount ?? 0, state: "settled", settled });
        }),
      release: (_scope, holdId) =>
        call("release", () => {
          record.holds.set(holdId, { amount: record.holds.get(holdId)?.amount ?? 0, state: "released" });
        }),
    },
  };
}

const knownResults = new WeakMap<MeshRecord, Map<string, ToolResult>>();

function toolResultsOf(record: MeshRecord): Map<string, ToolResult> {
  const results = knownResults.get(record) ?? new Map();
  knownResults.set(record, results);
  return results;
}

function resultOf(script: MeshScript, content: CheckedContent): CheckResult {
  const { verdict, text = content.text } = script.verdict?.(content) ?? { verdict: "allow" };
  const finding = { detector: "test", category: "test", start: 0, end: 1, score: 1, action: verdict, explanation: "" };
  return { verdict, text: verdict === "block" ? "" : text, findings: verdict === "allow" ? [] : [finding] };
}

function answerOf({ text = "", calls = [], finishReason }: ScriptedAnswer, request: ModelRequest): ModelAnswer {
  const toolCalls = calls.map((call, index) => ({
    id: call.id ?? `id_${index}`,
    name: call.name,
    argumentsJson: call.arguments ?? "{}",
  }));
  return {
    id: `gen ${request.attribution.stepKey}`,
    message: {
      role: "assistant",
      parts: text === "" ? [] : [{ text, provenance: "model" }],
      ...(toolCalls.length > 0 ? { toolCalls } : {}),
    },
    finishReason: finishReason ?? (toolCalls.length > 0 ? "tool_calls" : "stop"),
    model: "scripted",
    provider: "test",
    usage,
    costNanoUsd: 1_000,
    routeReason: "requested",
    attempts: 1,
  };
}

/** Services give up when the caller does. */
function interruptible<T>({ signal }: CallScope, value: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    Promise.resolve(value).then(resolve, reject);
  });
}
