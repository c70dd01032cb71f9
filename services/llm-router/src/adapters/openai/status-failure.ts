import type { IncomingHttpHeaders } from "node:http";
import { ProviderFailure } from "../../domain/provider-failure.ts";

// Providers say it in many words; nothing else of their text is looked at, and none of it is passed on.
const TOO_LONG =
  /context_length_exceeded|maximum context length|context window|prompt is too long|too many (?:input )?tokens/i;

/**
 * The failure that a status means.
 * @param body what the provider wrote; only searched, never shown
 */
export function failureOfStatus(status: number, headers: IncomingHttpHeaders, body: string): ProviderFailure {
  const retryAfterMs = retryAfterOf(headers, Date.now());
  const facts = { status, retryAfterMs, worked: false };
  if (status === 429) return new ProviderFailure("rate_limited", "the provider limits our rate (HTTP 429)", facts);
  if (status >= 500) return new ProviderFailure("unavailable", `the provider failed (HTTP ${status})`, facts);
  if (status === 408) return new ProviderFailure("timeout", "the provider took too long (HTTP 408)", facts);
  if (status === 413 || (status === 400 && TOO_LONG.test(body))) {
    return new ProviderFailure(
      "too_long",
      `the prompt is too long for the model, says the provider (HTTP ${status})`,
      facts,
    );
  }
  return new ProviderFailure("rejected", `the provider refused the request (HTTP ${status})${hintFor(status)}`, facts);
}

/** The failure that an error object inside a stream means. It may carry a status. */
export function failureOfErrorObject(error: unknown, answerBytes: number): ProviderFailure {
  const status = statusIn(error);
  if (status !== undefined) {
    const { kind, message } = failureOfStatus(status, {}, "");
    return new ProviderFailure(kind, message, { status, worked: false });
  }
  const worked = answerBytes > 0;
  return new ProviderFailure("unavailable", "the provider reported an error instead of its answer", { worked });
}

function statusIn(error: unknown): number | undefined {
  const { code, status } =
    typeof error === "object" && error !== null ? (error as { code?: unknown; status?: unknown }) : {};
  const found = [code, status].map(Number).find((value) => Number.isInteger(value) && value >= 400 && value <= 599);
  return found;
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return ": check the provider's API key";
  if (status === 404) return ": check the provider's address and the model's upstream name";
  return status < 400 ? ": redirections are not followed" : "";
}

/** Retry-After (RFC 9110, 10.2.3: seconds or a date) or OpenAI's retry-after-ms, in milliseconds. */
export function retryAfterOf(headers: IncomingHttpHeaders, now: number): number | undefined {
  const exact = headers["retry-after-ms"];
  if (typeof exact === "string" && /^\d{1,9}$/.test(exact)) return Number(exact);
  const text = headers["retry-after"];
  if (text === undefined) return undefined;
  if (/^\d{1,9}(?:\.\d{1,3})?$/.test(text)) return Number(text) * 1000;
  // Date.parse makes a date of almost anything, "-5" too.
  const date = text.endsWith("GMT") ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
