import {
  type CheckStreamRequest,
  CheckStreamRequestSchema,
  type CheckStreamResponse,
  ContentSchema,
  type ContextKind,
  type CheckResult as ContractResult,
  type GuardrailService,
  OutputContextSchema,
} from "@agentmesh/contracts/guardrail/v1/guardrail";
import { callOptionsOf, withStream } from "@agentmesh/rpc";
import type { CallScope } from "@agentmesh/rpc/scope";
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Finding, Verdict } from "../../domain/events.ts";
import {
  type AnswerContext,
  type CheckedContent,
  type CheckResult,
  DependencyError,
  type Guardrail,
  type StreamCheck,
} from "../../domain/ports.ts";
import { answered } from "./dependency-error.ts";
import { contractStages, domainFinding, domainVerdict } from "./finding-codec.ts";
import { TextQueue } from "./text-queue.ts";

/** Checks by way of guardrail. */
export class MeshGuardrail implements Guardrail {
  readonly #guardrail: Client<typeof GuardrailService>;
  /** What policies make use of, as their latest answers said, by tenant and name. */
  readonly #wants = new Map<string, readonly ContextKind[]>();

  constructor(guardrail: Client<typeof GuardrailService>) {
    this.#guardrail = guardrail;
  }

  async check(
    scope: CallScope,
    policy: string,
    contents: readonly CheckedContent[],
    context?: () => AnswerContext,
  ): Promise<readonly CheckResult[]> {
    const batches = batchesOf(contents);
    const given = this.#given(scope, policy, context);
    if (batches.length === 1) return this.#checkBatch(scope, { policy, ...given }, contents);
    const results: CheckResult[] = [];
    for (const batch of batches) results.push(...(await this.#checkBatch(scope, { policy, ...given }, batch)));
    return results;
  }

  // A policy that nobody has heard of yet gets everything: it may need it.
  #given(scope: CallScope, policy: string, context?: () => AnswerContext): { context?: AnswerContext } {
    if (context === undefined) return {};
    const wants = this.#wants.get(policyKey(scope, policy));
    return wants !== undefined && wants.length === 0 ? {} : { context: context() };
  }

  #learn(scope: CallScope, policy: string, wants: readonly ContextKind[]): void {
    if (this.#wants.size >= mostRemembered) this.#wants.clear();
    this.#wants.set(policyKey(scope, policy), wants);
  }

  async #checkBatch(
    scope: CallScope,
    { policy, context }: { policy: string; context?: AnswerContext },
    contents: readonly CheckedContent[],
  ): Promise<readonly CheckResult[]> {
    const request = {
      policy,
      ...(context === undefined ? {} : { context: contextMessage(context) }),
      contents: contents.map(({ stage, text }) => create(ContentSchema, { stage: contractStages[stage], text })),
    };
    const { results, wants } = await answered(this.#guardrail.check(request, callOptionsOf(scope)));
    this.#learn(scope, policy, wants);
    // A text without a result must not pass as one that was allowed.
    if (results.length !== contents.length) throw missingResult();
    return results.map((result, index) => resultOf(result, contents[index]?.text ?? ""));
  }

  checkStream<T>(
    scope: CallScope,
    { policy, stage, context, produce, passed }: StreamCheck<T>,
  ): Promise<CheckResult & { readonly value: T | undefined }> {
    const given = this.#given(scope, policy, context).context;
    const about = given === undefined ? {} : { context: contextMessage(given) };
    const start = create(CheckStreamRequestSchema, {
      request: { case: "start", value: { policy, stage: contractStages[stage], ...about } },
    });
    const checked = withStream(scope, async (options) => {
      const queue = new TextQueue<CheckStreamRequest>(start);
      const writer = new AbortController();
      const stopWriter = () => writer.abort(scope.signal.reason);
      scope.signal.addEventListener("abort", stopWriter);
      const produced = produce({ ...plain(scope), signal: writer.signal }, (text) => queue.push(deltaOf(text)));
      // A writer that fails ends the check with its own error, not with a text that looks whole.
      produced.then(
        () => queue.end(),
        (error: unknown) => queue.fail(error),
      );
      try {
        const result = await readChecked(this.#guardrail.checkStream(queue, options), passed);
        if (result.verdict !== "block") return { ...result, value: await produced };
        writer.abort();
        return { ...result, text: "", value: undefined };
      } catch (error) {
        writer.abort(error);
        throw queue.failure === undefined ? error : queue.failure.error;
      } finally {
        scope.signal.removeEventListener("abort", stopWriter);
      }
    });
    return answered(checked);
  }
}

/** Policies whose wants are remembered. */
const mostRemembered = 1024;

function policyKey({ credential }: CallScope, policy: string): string {
  return `${credential?.principal.tenant ?? ""}/${policy}`;
}

function contextMessage({ systemPrompt, passages, question }: AnswerContext) {
  return create(OutputContextSchema, { systemPrompt, passages: [...passages], question });
}

/** What one check takes. */
const maxContents = 256;
const maxBytes = 1024 * 1024;
const maxBytesPerUnit = 3;

/** The texts in as few checks as the contract allows. A text that is too large alone is left for guardrail to refuse. */
function batchesOf(contents: readonly CheckedContent[]): readonly (readonly CheckedContent[])[] {
  const batches: CheckedContent[][] = [];
  let room = 0;
  for (const content of contents) {
    const bytes = content.text.length * maxBytesPerUnit;
    const current = batches.at(-1);
    if (current === undefined || current.length === maxContents || bytes > room) {
      batches.push([content]);
      room = maxBytes - bytes;
    } else {
      current.push(content);
      room -= bytes;
    }
  }
  return batches;
}

async function readChecked(
  responses: AsyncIterable<CheckStreamResponse>,
  passed: (text: string) => void,
): Promise<CheckResult> {
  let text = "";
  let verdict: Verdict = "allow";
  const findings: Finding[] = [];
  for await (const response of responses) {
    findings.push(...response.findings.map(domainFinding));
    verdict = domainVerdict(response.verdict);
    if (verdict === "block") return { verdict, text, findings, ...explained(response) };
    if (response.textDelta === "") continue;
    text += response.textDelta;
    passed(response.textDelta);
  }
  return { verdict, text, findings };
}

function explained({ refusal }: Pick<ContractResult, "refusal">): Pick<CheckResult, "refusal" | "retry"> {
  if (refusal === undefined) return {};
  const sentences = `${refusal.reason} ${refusal.alternative}`.trim();
  return refusal.retry ? { refusal: sentences, retry: true } : { refusal: sentences };
}

function resultOf({ verdict, redactedText, findings, refusal }: ContractResult, original: string): CheckResult {
  const decided = domainVerdict(verdict);
  const text = decided === "redact" ? redactedText : decided === "block" ? "" : original;
  const result = { verdict: decided, text, findings: findings.map(domainFinding) };
  return decided === "block" && refusal !== undefined ? { ...result, ...explained({ refusal }) } : result;
}

function deltaOf(text: string): CheckStreamRequest {
  return create(CheckStreamRequestSchema, { request: { case: "textDelta", value: text } });
}

// Scopes may have getters, which a spread would not take along.
function plain({ deadline, credential, span }: CallScope) {
  return { deadline, credential, span };
}

function missingResult(): DependencyError {
  return new DependencyError("The guardrail did not answer for every text.", {
    reason: "INTERNAL",
    retryable: true,
    metadata: {},
  });
}
