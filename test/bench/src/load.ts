/** A closed-loop load: a fixed number of requests in flight for a fixed time. */
import type { Pool } from "undici";

/** One request of a load. */
export interface LoadRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Throws when an answer is not what the case asks for: a bench of failures measures nothing. */
  readonly verify: (status: number, body: string) => void;
}

/** What a load saw. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Bounds of a load. */
export interface LoadBounds {
  readonly inFlight: number;
  readonly milliseconds: number;
}

/** Runs requests until the time is up; the first wrong answer ends it with an error. */
export async function runLoad(pool: Pool, request: LoadRequest, bounds: LoadBounds): Promise<LoadResult> {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + bounds.milliseconds;
  const worker = async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      const { path, headers, body } = request;
      const answer = await pool.request({ path, method: "POST", headers, body });
      request.verify(answer.statusCode, await answer.body.text());
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: bounds.inFlight }, worker));
  const seconds = (performance.now() - started) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { requests: latencies.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}
