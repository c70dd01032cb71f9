import { setImmediate } from "node:timers/promises";
import { events, type Span, type Telemetry } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { type GuardrailMetrics, guardrailMetrics } from "../metrics.ts";
import { type CheckResult, type Content, checkLongText, checkText, isShort, PIECE } from "./check-text.ts";
import { type Conversation, type EscalationSignal, escalationSignals } from "./escalation.ts";
import type { Finding } from "./finding.ts";
import { layerOf } from "./layer.ts";
import type { OutputContext } from "./output-context.ts";
import type { Policy } from "./policy.ts";
import { PolicySet } from "./policy-set.ts";
import { type ExplainedRefusal, refusalOf } from "./refusal.ts";
import { StreamChecker, type StreamStep } from "./stream-checker.ts";
import { StreamDelay } from "./stream-delay.ts";
import { isPlaceholder, MAX_TOKENS, restore, type Token, type TokenTable } from "./token-table.ts";
import { type Transformer, transformerFor } from "./transform.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

/** The policy of requests that name none. */
export const DEFAULT_POLICY = "default";
/** Most bytes of UTF-8 of one text. */
export const MAX_TEXT_BYTES = 262_144;
/** Most bytes of all texts of one request. */
const MAX_TOTAL_BYTES = 1_048_576;
/** Most turns of a conversation that are looked at. */
const MAX_TURNS = 64;
/** Most texts of one request. */
const MAX_CONTENTS = 256;
/** Most findings that are told of one text; all of them count and are redacted. */
export const MAX_FINDINGS = 256;

/** What was found in one text, and what a person is told when it was blocked. */
export interface ExplainedResult extends CheckResult {
  readonly refusal: ExplainedRefusal | undefined;
}

/** What was found in all texts of a request. */
export interface CheckOutcome {
  readonly verdict: Verdict;
  readonly results: readonly ExplainedResult[];
  readonly policyVersion: string;
  /** What the policy makes use of when it checks output. */
  readonly wants: readonly (keyof OutputContext)[];
}

/** Who asks, and for which policy. */
export interface Asked {
  /** "" is the default policy. */
  readonly policyName: string;
  readonly tenant?: string | undefined;
  readonly span?: Span | undefined;
  /** The placeholders of the conversation; this check adds to them. Undefined: what is to be tokenised is redacted. */
  readonly tokens?: TokenTable | undefined;
}

/** A check of a text that arrives in pieces. */
export interface GuardedStream {
  readonly verdict: Verdict;
  /** After a block: what to tell the person. */
  readonly refusal: ExplainedRefusal | undefined;
  push(delta: string): StreamStep;
  end(): StreamStep;
}

/** Applies policies to texts, counts and logs what they find. Never logs a text or a part of one. */
export class Guard {
  #policies: PolicySet;
  readonly #telemetry: Telemetry;
  readonly #metrics: GuardrailMetrics;
  readonly #hashKey: Uint8Array | undefined;

  /** @param hashKey secret of the installation; without one values that a policy hashes are redacted */
  constructor(policies: readonly Policy[], telemetry: Telemetry, hashKey?: Uint8Array) {
    this.#hashKey = hashKey;
    this.#policies = new PolicySet(policies);
    this.#telemetry = telemetry;
    this.#metrics = guardrailMetrics(telemetry.metrics);
  }

  /** Puts other policies in force. Checks and streams that have begun end with those they began with. */
  replacePolicies(policies: readonly Policy[]): void {
    this.#policies = new PolicySet(policies);
  }

  /** The policies that hold for a tenant, by name. */
  policies(tenant?: string): readonly Policy[] {
    return this.#policies.heldFor(tenant);
  }

  /**
   * Signals that a conversation should go to a person.
   * @throws INVALID_CONTENT, CONTENT_TOO_LARGE
   */
  escalation(conversation: Conversation): readonly EscalationSignal[] {
    requireConversation(conversation);
    return escalationSignals(conversation);
  }

  /**
   * Puts values back in place of placeholders.
   * @throws INVALID_CONTENT, CONTENT_TOO_LARGE
   */
  restore(text: string, tokens: readonly Token[]): string {
    requireTextSize(text, "text");
    requireTokens(tokens);
    return restore(text, tokens);
  }

  /**
   * Checks each text at its stage.
   * @throws POLICY_NOT_FOUND, INVALID_CONTENT, CONTENT_TOO_LARGE
   */
  async check({ policyName, tenant, span, tokens }: Asked, contents: readonly Content[]): Promise<CheckOutcome> {
    const policy = this.#policy(policyName, tenant);
    requireSizes(contents);
    const transformer = this.#transformer(tenant, tokens);
    let verdict: Verdict = "allow";
    const results: ExplainedResult[] = [];
    let sinceTurn = 0;
    for (const content of contents) {
      // Many short texts are as much work as a long one.
      sinceTurn += content.text.length;
      if (sinceTurn > PIECE && results.length > 0) {
        await setImmediate();
        sinceTurn = content.text.length;
      }
      const started = performance.now();
      const task = { ...content, transformer };
      const result = isShort(content.text) ? checkText(policy, task) : await checkLongText(policy, task);
      this.#metrics.checkSeconds.observe((performance.now() - started) / 1000, { stage: content.stage }, span);
      this.#record(policy, content.stage, result.findings, span);
      verdict = stricter(verdict, result.verdict);
      results.push(explained(policy, result));
    }
    return { verdict, results, policyVersion: policy.version, wants: policy.wants ?? [] };
  }

  /**
   * Opens a check of a text that arrives in pieces.
   * @throws POLICY_NOT_FOUND
   */
  openStream(
    { policyName, tenant, span }: Asked,
    { stage, context }: { stage: Stage; context?: OutputContext | undefined },
  ): GuardedStream {
    const policy = this.#policy(policyName, tenant);
    const checker = new StreamChecker(policy, stage, { context, transformer: this.#transformer(tenant) });
    const delay = new StreamDelay(this.#metrics, stage);
    let told = 0;
    let refusal: ExplainedRefusal | undefined;
    const recorded = (step: StreamStep): StreamStep => {
      if (step.findings.length === 0) return step;
      this.#record(policy, stage, step.findings, span);
      if (checker.verdict === "block") refusal ??= refusalOf(policy, step.findings);
      const findings = step.findings.slice(0, Math.max(0, MAX_FINDINGS - told));
      told += findings.length;
      return { text: step.text, findings };
    };
    return {
      get verdict() {
        return checker.verdict;
      },
      get refusal() {
        return refusal;
      },
      push: (delta) => {
        if (delta.length * 3 > MAX_TEXT_BYTES) requireTextSize(delta, "text_delta");
        const started = performance.now();
        const step = checker.push(delta);
        const ended = performance.now();
        this.#metrics.checkSeconds.observe((ended - started) / 1000, { stage }, span);
        delay.after(delta.length, checker.held, { started, ended });
        return recorded(step);
      },
      end: () => {
        const started = performance.now();
        const step = checker.end();
        delay.end(started);
        return recorded(step);
      },
    };
  }

  #transformer(tenant: string | undefined, tokens?: TokenTable): Transformer {
    return transformerFor({ key: this.#hashKey, tenant, tokens });
  }

  #policy(name: string, tenant: string | undefined): Policy {
    const policy = this.#policies.find(name === "" ? DEFAULT_POLICY : name, tenant);
    if (policy === undefined) {
      const known = this.policies(tenant)
        .map((other) => other.name)
        .join(", ");
      throw errors.POLICY_NOT_FOUND({ message: `There is no such guardrail policy; known are: ${known}.` });
    }
    return policy;
  }

  #record(policy: Policy, stage: Stage, findings: readonly Finding[], span: Span | undefined): void {
    if (findings.length === 0) return;
    const logged = new Set<string>();
    for (const { category, detector, score, rule, ...finding } of findings) {
      const action = actionLabel(finding);
      const layer = layerOf(category);
      this.#metrics.violations.add(1, { boundary: stage, layer, category, action }, span);
      const kind = `${detector} ${action}`;
      if (logged.has(kind)) continue;
      logged.add(kind);
      const named = rule === undefined ? {} : { rule };
      const fields = { category, stage, layer, action, detector, policy: policy.name, score, ...named };
      this.#telemetry.logger.event(events.guardrailViolation, fields, span);
    }
  }
}

function actionLabel({ action, shadow, cuts }: Pick<Finding, "action" | "shadow" | "cuts">): string {
  if (shadow !== undefined) return `shadow_${shadow}`;
  return cuts === true ? "cut" : action;
}

function explained(policy: Policy, result: CheckResult): ExplainedResult {
  const refusal = result.verdict === "block" ? refusalOf(policy, result.findings) : undefined;
  if (result.findings.length <= MAX_FINDINGS) return { ...result, refusal };
  return { ...result, refusal, findings: mostSevere(result.findings) };
}

// Of too many findings the strictest are told, in order of start.
function mostSevere(findings: readonly Finding[]): readonly Finding[] {
  const blocking = findings.filter(({ action }) => action === "block").slice(0, MAX_FINDINGS);
  const others = findings.filter(({ action }) => action !== "block").slice(0, MAX_FINDINGS - blocking.length);
  return [...blocking, ...others].sort((a, b) => a.start - b.start);
}

function requireSizes(contents: readonly Content[]): void {
  if (contents.length === 0 || contents.length > MAX_CONTENTS) {
    const description = `must hold 1 to ${MAX_CONTENTS} texts; there are ${contents.length}`;
    throw errors.INVALID_CONTENT({ fields: [{ field: "contents", description }] });
  }
  let total = 0;
  for (const [index, { text }] of contents.entries()) {
    total += requireTextSize(text, `contents[${index}].text`);
  }
  if (total > MAX_TOTAL_BYTES) throw tooLarge("contents", total, MAX_TOTAL_BYTES);
}

/**
 * Refuses tokens that no check can have made.
 * @throws INVALID_CONTENT
 */
export function requireTokens(tokens: readonly Token[]): void {
  if (tokens.length > MAX_TOKENS) {
    const description = `must hold at most ${MAX_TOKENS}; there are ${tokens.length}`;
    throw errors.INVALID_CONTENT({ fields: [{ field: "tokens", description }] });
  }
  for (const [index, { placeholder }] of tokens.entries()) {
    if (isPlaceholder(placeholder)) continue;
    const field = `tokens[${index}].placeholder`;
    throw errors.INVALID_CONTENT({ fields: [{ field, description: 'must have the form "[EMAIL_1]"' }] });
  }
}

function requireConversation({ userTexts, answer, failures, guardrailHits }: Conversation): void {
  if (userTexts.length === 0 || userTexts.length > MAX_TURNS) {
    const description = `must hold 1 to ${MAX_TURNS} texts; there are ${userTexts.length}`;
    throw errors.INVALID_CONTENT({ fields: [{ field: "user_texts", description }] });
  }
  for (const [field, count] of Object.entries({ failures, guardrail_hits: guardrailHits })) {
    if (count < 0) throw errors.INVALID_CONTENT({ fields: [{ field, description: "must be 0 or more" }] });
  }
  const bytes = [...userTexts, answer].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MAX_TEXT_BYTES) throw tooLarge("user_texts and answer", bytes, MAX_TEXT_BYTES);
}

// @returns its bytes
function requireTextSize(text: string, field: string): number {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_TEXT_BYTES) throw tooLarge(field, bytes, MAX_TEXT_BYTES);
  return bytes;
}

function tooLarge(field: string, bytes: number, limit: number) {
  const description = `${bytes} bytes of UTF-8; at most ${limit}`;
  return errors.CONTENT_TOO_LARGE({
    message: `${field} is too large: ${description}.`,
    fields: [{ field, description }],
  });
}
