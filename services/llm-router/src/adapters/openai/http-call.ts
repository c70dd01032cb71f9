import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { ProviderLimits } from "../../domain/ports.ts";
import { ProviderFailure } from "../../domain/provider-failure.ts";

/** Milliseconds and bytes that bound one call. */
export interface HttpLimits {
  /** Until the first bytes of an answer. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  readonly maxResponseBytes: number;
}

/** The start of a response. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

// Above this the connection is told to wait until the reader has caught up.
const PAUSE_AT_CHUNKS = 64;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * One HTTP request over undici's dispatch interface: half the CPU of `request`, which builds a Node stream that
 * nobody here needs. It ends by itself when its time is up or its caller gives up, and it fails only with
 * ProviderFailure.
 */
export class HttpCall implements Dispatcher.DispatchHandler {
  private readonly calls: ProviderLimits;
  private readonly limits: HttpLimits;
  private readonly onAbort = () => this.end(cancelled(this.sent));
  private controller: Dispatcher.DispatchController | undefined;
  private response: HttpResponse | undefined;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private lastProgress = performance.now();
  private allowedMs: number;
  private timer: NodeJS.Timeout | undefined;
  private failure: ProviderFailure | undefined;
  private over = false;
  /** Whether the whole body is wanted at once: then there is no reader to wait for. */
  private collecting = false;
  private wake: (() => void) | undefined;

  constructor(calls: ProviderLimits, limits: HttpLimits) {
    this.calls = calls;
    this.limits = limits;
    this.allowedMs = limits.firstByteMs;
  }

  /** Sends. To be called once. */
  send(dispatcher: Dispatcher, request: Dispatcher.DispatchOptions): void {
    const { signal } = this.calls;
    if (signal.aborted) {
      this.onAbort();
      return;
    }
    signal.addEventListener("abort", this.onAbort);
    this.watch();
    try {
      dispatcher.dispatch(request, this);
    } catch (cause) {
      this.onResponseError(undefined, cause as Error);
    }
  }

  /** Resolves when the response begins. */
  async head(): Promise<HttpResponse> {
    while (this.response === undefined) {
      if (this.failure !== undefined) throw this.failure;
      await this.change();
    }
    return this.response;
  }

  /** The next piece of the body; undefined at its end. What came before a failure is delivered before it. */
  async next(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.chunks.shift();
      if (chunk !== undefined) {
        if (this.controller?.paused === true && this.chunks.length === 0) this.controller.resume();
        return chunk;
      }
      if (this.failure !== undefined) throw this.failure;
      if (this.over) return undefined;
      await this.change();
    }
  }

  /** The whole body, without back-pressure: its size is bounded. */
  async body(): Promise<Buffer> {
    this.collecting = true;
    this.controller?.resume();
    while (!this.over) {
      await this.change();
      this.progress();
    }
    if (this.failure !== undefined) throw this.failure;
    return this.chunks.length === 1 ? (this.chunks[0] as Buffer) : Buffer.concat(this.chunks);
  }

  /** A part of the answer came that means something (not a comment): the clock for the next one starts anew. */
  progress(): void {
    this.lastProgress = performance.now();
    if (this.allowedMs === this.limits.idleMs) return;
    this.allowedMs = this.limits.idleMs;
    clearTimeout(this.timer);
    if (!this.over) this.watch();
  }

  /** Gives the call up, unless it is over. */
  abort(): void {
    this.end(cancelled(this.sent));
  }

  /** How many bytes of the body have come. */
  get received(): number {
    return this.bytes;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.over) controller.abort(this.failure ?? new Error("given up"));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.response = { status, headers };
    this.notify();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return;
    this.bytes += chunk.length;
    if (this.bytes > this.limits.maxResponseBytes) {
      this.end(tooLarge(this.limits.maxResponseBytes, this.bytes));
      return;
    }
    this.chunks.push(chunk);
    if (!this.collecting && this.chunks.length >= PAUSE_AT_CHUNKS) controller.pause();
    this.notify();
  }

  onResponseEnd(): void {
    this.end(undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.end(this.failureOf(error));
  }

  private get sent(): boolean {
    return this.controller !== undefined;
  }

  private end(failure: ProviderFailure | undefined): void {
    if (this.over) return;
    this.over = true;
    this.failure = failure;
    clearTimeout(this.timer);
    this.calls.signal.removeEventListener("abort", this.onAbort);
    if (failure !== undefined) this.controller?.abort(failure);
    this.notify();
  }

  // One timer per call, set again only when it fires: pieces of an answer cost a reading of the clock.
  private watch(): void {
    // While the reader is behind, silence is ours, not the provider's.
    if (!this.collecting && this.chunks.length > 0) this.lastProgress = performance.now();
    const idle = this.lastProgress + this.allowedMs - performance.now();
    const total = this.calls.deadline - Date.now();
    if (Math.min(idle, total) <= 0) {
      this.end(tooSlow(this.sent, this.bytes));
      return;
    }
    this.timer = setTimeout(() => this.watch(), durationOf(Math.min(idle, total, LONGEST_TIMER)));
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private notify(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  private failureOf(cause: Error): ProviderFailure {
    if (this.response !== undefined) {
      const facts = { worked: true, answerBytes: this.bytes, cause };
      return new ProviderFailure("protocol", "the provider's connection broke in the middle of its answer", facts);
    }
    if (!this.sent) return new ProviderFailure("connect", "the provider cannot be reached", { worked: false, cause });
    if (cause.name === "HTTPParserError") {
      return new ProviderFailure("protocol", "the provider's answer is no HTTP", { worked: true, cause });
    }
    return new ProviderFailure("reset", "the provider closed the connection without an answer", {
      worked: false,
      cause,
    });
  }
}

// Node keeps one list of timers per duration, so durations are few: a longer one is cut to a power of two; `watch`
// then sets it again.
function durationOf(left: number): number {
  return left < 1_024 ? left : 2 ** (31 - Math.clz32(left));
}

function cancelled(sent: boolean): ProviderFailure {
  return new ProviderFailure("cancelled", "the call was given up", { worked: sent });
}

function tooLarge(limit: number, answerBytes: number): ProviderFailure {
  return new ProviderFailure("protocol", `the provider's answer is larger than ${limit} bytes`, {
    worked: true,
    answerBytes,
  });
}

function tooSlow(sent: boolean, bytes: number): ProviderFailure {
  const message = bytes === 0 ? "the provider did not begin to answer in time" : "the provider's answer stopped coming";
  return new ProviderFailure("timeout", message, { worked: sent });
}
