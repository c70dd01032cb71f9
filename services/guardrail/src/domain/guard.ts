import { setImmediate } from "node:timers/promises";
import { events, type Span, type Telemetry } from "@agentmesh/telemetry";
import { errors } from "../errors.ts";
import { type GuardrailMetrics, guardrailMetrics } from "../metrics.ts";
import { type CheckResult, type Content, checkLongText, checkText, isShort, PIECE } from "./check-text.ts";
import type { Finding } from "./finding.ts";
import type { Policy } from "./policy.ts";
import { StreamChecker, type StreamStep } from "./stream-checker.ts";
import { type Stage, stricter, type Verdict } from "./verdict.ts";

/** The policy of requests that name none. */
export const DEFAULT_POLICY = "default";
/** Most bytes of UTF-8 of one text. */
export const MAX_TEXT_BYTES = 262_144;
/** Most bytes of all texts of one request. */
const MAX_TOTAL_BYTES = 1_048_576;
/** Most texts of one request. */
const MAX_CONTENTS = 256;
/** Most findings that are told of one text; all of them count and are redacted. */
export const MAX_FINDINGS = 256;

/** What was found in all texts of a request. */
export interface CheckOutcome {
  readonly verdict: Verdict;
  readonly results: readonly CheckResult[];
  readonly policyVersion: string;
}

/** A check of a text that arrives in pieces. */
export interface GuardedStream {
  readonly verdict: Verdict;
  push(delta: string): StreamStep;
  end(): StreamStep;
}

/** Applies policies to texts, counts and logs what they find. Never logs a text or a part of one. */
export class Guard {
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #telemetry: Telemetry;
  readonly #metrics: GuardrailMetrics;

  constructor(policies: readonly Policy[], telemetry: Telemetry) {
    this.#policies = new Map(policies.map((policy) => [policy.name, policy]));
    this.#telemetry = telemetry;
    this.#metrics = guardrailMetrics(telemetry.metrics);
  }

  /** The policies by name. */
  policies(): readonly Policy[] {
    return [...this.#policies.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Checks each text at its stage.
   * @param policyName "" is the default policy
   * @throws POLICY_NOT_FOUND, INVALID_CONTENT, CONTENT_TOO_LARGE
   */
  async check(policyName: string, contents: readonly Content[], span?: Span): Promise<CheckOutcome> {
    const policy = this.#policy(policyName);
    requireSizes(contents);
    let verdict: Verdict = "allow";
    const results: CheckResult[] = [];
    let sinceTurn = 0;
    for (const content of contents) {
      // Many short texts are as much work as a long one.
      sinceTurn += content.text.length;
      if (sinceTurn > PIECE && results.length > 0) {
        await setImmediate();
        sinceTurn = content.text.length;
      }
      const started = performance.now();
      const result = isShort(content.text) ? checkText(policy, content) : await checkLongText(policy, content);
      this.#metrics.checkSeconds.observe((performance.now() - started) / 1000, { stage: content.stage }, span);
      this.#record(policy, content.stage, result.findings, span);
      verdict = stricter(verdict, result.verdict);
      results.push(
        result.findings.length > MAX_FINDINGS ? { ...result, findings: mostSevere(result.findings) } : result,
      );
    }
    return { verdict, results, policyVersion: policy.version };
  }

  /**
   * Opens a check of a text that arrives in pieces.
   * @throws POLICY_NOT_FOUND
   */
  openStream({
    policyName,
    stage,
    span,
  }: {
    policyName: string;
    stage: Stage;
    span?: Span | undefined;
  }): GuardedStream {
    const policy = this.#policy(policyName);
    const checker = new StreamChecker(policy, stage);
    let told = 0;
    const recorded = (step: StreamStep): StreamStep => {
      if (step.findings.length === 0) return step;
      this.#record(policy, stage, step.findings, span);
      const findings = step.findings.slice(0, Math.max(0, MAX_FINDINGS - told));
      told += findings.length;
      return { text: step.text, findings };
    };
    return {
      get verdict() {
        return checker.verdict;
      },
      push: (delta) => {
        if (delta.length * 3 > MAX_TEXT_BYTES) requireTextSize(delta, "text_delta");
        const started = performance.now();
        const step = checker.push(delta);
        this.#metrics.checkSeconds.observe((performance.now() - started) / 1000, { stage }, span);
        return recorded(step);
      },
      end: () => recorded(checker.end()),
    };
  }

  #policy(name: string): Policy {
    const policy = this.#policies.get(name === "" ? DEFAULT_POLICY : name);
    if (policy === undefined) {
      const known = [...this.#policies.keys()].join(", ");
      throw errors.POLICY_NOT_FOUND({ message: `There is no such guardrail policy; known are: ${known}.` });
    }
    return policy;
  }

  #record(policy: Policy, stage: Stage, findings: readonly Finding[], span: Span | undefined): void {
    if (findings.length === 0) return;
    const logged = new Set<string>();
    for (const { category, action, detector, score } of findings) {
      this.#metrics.violations.add(1, { category, stage, action }, span);
      const kind = `${detector} ${action}`;
      if (logged.has(kind)) continue;
      logged.add(kind);
      const fields = { category, stage, action, detector, policy: policy.name, score };
      this.#telemetry.logger.event(events.guardrailViolation, fields, span);
    }
  }
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
