import { type Context, SamplingDecision, type SamplingResult, trace } from "@opentelemetry/api";

const RECORD: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };
const DROP: SamplingResult = { decision: SamplingDecision.NOT_RECORD };

/**
 * Follows the parent's decision; decides new traces by the last 7 bytes of the trace id, so that every process that
 * uses the same ratio decides the same way (https://www.w3.org/TR/trace-context-2/#random-trace-id-flag).
 */
export function parentBasedRatioSampler(ratio: number) {
  const threshold = Math.max(0, Math.min(1, ratio)) * 2 ** 52;
  return {
    shouldSample(context: Context, traceId: string): SamplingResult {
      const parent = trace.getSpanContext(context);
      if (parent) return (parent.traceFlags & 1) === 1 ? RECORD : DROP;
      return Number.parseInt(traceId.slice(-13), 16) < threshold ? RECORD : DROP;
    },
    toString: () => `ParentBasedRatio{${ratio}}`,
  };
}
