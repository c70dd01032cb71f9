import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsOf, type SimulatorClient, startSimulator } from "./testing.ts";

let simulator: SimulatorClient;
beforeAll(async () => {
  simulator = await startSimulator();
});
afterAll(() => simulator.close());

const chat = (faults: string, extra: object = {}, init?: RequestInit) =>
  simulator.chat({ model: `simulator-small+${faults}`, ...extra }, init);
const stream = (faults: string, init?: RequestInit) =>
  chat(faults, { stream: true, stream_options: { include_usage: true } }, init);

/** Reads until the end or the break of a stream; returns the text and how it ended. */
async function readAll(response: Response): Promise<{ text: string; ended: "complete" | "broken" }> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body!) text += decoder.decode(chunk, { stream: true });
    return { text, ended: "complete" };
  } catch {
    return { text, ended: "broken" };
  }
}

describe("errors", () => {
  test.each([
    [503, "server_error", null],
    [500, "server_error", null],
    [429, "requests", "rate_limit_exceeded"],
    [401, "invalid_request_error", "invalid_api_key"],
  ])("status %i comes with a body in OpenAI's shape", async (status, type, code) => {
    const response = await chat(`status=${status}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type, code } });
  });

  test("Retry-After is sent in seconds; a comma separates faults as well as a plus", async () => {
    for (const faults of ["status=429,retry_after=2", "status=429+retry_after=2"]) {
      expect((await chat(faults)).headers.get("retry-after")).toBe("2");
    }
  });

  test("fail_times: the first requests fail, the next ones do not", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await chat("fail_times=2,status=503")).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
    expect((await chat("fail_times=1")).status).toBe(500);
    expect((await chat("fail_times=1")).status).toBe(200);
  });

  test("reset ends the connection before an answer", async () => {
    await expect(chat("reset")).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  });

  test("silence never answers, until the caller leaves", async () => {
    const abort = new AbortController();
    const answer = chat("silence", {}, { signal: abort.signal });
    await expect.poll(() => simulator.requests.at(-1)?.outcome).toBe("silence");
    abort.abort();
    await expect(answer).rejects.toThrow(/abort/i);
    await expect.poll(() => simulator.requests.at(-1)?.outcome).toBe("gone");
  });
});

describe("streams", () => {
  test("cut: after exactly so many chunks the connection breaks", async () => {
    const { text, ended } = await readAll(await stream("cut=5"));
    expect(ended).toBe("broken");
    expect(eventsOf(text)).toHaveLength(5);
    expect(text).not.toContain('"finish_reason":"stop"');
  });

  test("truncate: ends as if complete, without finish_reason and [DONE]", async () => {
    const { text, ended } = await readAll(await stream("truncate=5"));
    expect(ended).toBe("complete");
    expect(eventsOf(text)).toHaveLength(5);
    expect(text).not.toMatch(/\[DONE\]|"finish_reason":"stop"/);
  });

  test("stall: sends so many chunks, then nothing, on an open connection", async () => {
    const abort = new AbortController();
    const reading = readAll(await stream("stall=5", { signal: abort.signal }));
    await expect.poll(() => simulator.requests.at(-1)).toMatchObject({ outcome: "stall", chunks: 5 });
    abort.abort();
    const { text, ended } = await reading;
    expect(ended).toBe("broken");
    expect(eventsOf(text)).toHaveLength(5);
  });

  test("malformed: the named chunk is broken JSON, the others are whole", async () => {
    const events = eventsOf((await readAll(await stream("malformed=3"))).text);
    expect(events.map((event) => typeof event).slice(0, 5)).toEqual(["object", "object", "string", "object", "object"]);
  });

  test("error_chunk: an error object inside the stream", async () => {
    const events = eventsOf((await readAll(await stream("error_chunk=2"))).text);
    expect(events).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ error: { type: "server_error" } });
  });

  test("no_usage: complete, but without the usage that was asked for", async () => {
    const { text } = await readAll(await stream("no_usage"));
    expect(text).toContain("[DONE]");
    expect(text).not.toContain("prompt_tokens");
  });

  test("first_token_ms: headers come at once, the first chunk later", async () => {
    const response = await stream("first_token_ms=150");
    const headersAt = performance.now();
    const reader = response.body!.getReader();
    await reader.read();
    expect(performance.now() - headersAt).toBeGreaterThan(100);
    await reader.cancel();
  });

  test("tps: the answer takes as long as its tokens, and is complete", async () => {
    const start = performance.now();
    const { text, ended } = await readAll(await stream("tps=100"));
    expect(ended).toBe("complete");
    const content = eventsOf(text).filter(
      (event) => JSON.stringify(event).includes('"content":"') && !JSON.stringify(event).includes('"role"'),
    );
    expect(performance.now() - start).toBeGreaterThan((content.length - 1) * 10 * 0.9);
  });

  test("a caller that leaves stops the stream", async () => {
    const abort = new AbortController();
    const response = await stream("tps=20", { signal: abort.signal });
    await response.body!.getReader().read();
    abort.abort();
    await expect.poll(() => simulator.requests.at(-1)?.outcome).toBe("gone");
    const sent = simulator.requests.at(-1)!.chunks;
    expect(sent).toBeLessThan(10);
  });
});

describe("whole answers", () => {
  test("cut: the body breaks in the middle", async () => {
    expect((await readAll(await chat("cut=1"))).ended).toBe("broken");
  });

  test("malformed and truncate: status 200 with half the JSON", async () => {
    for (const faults of ["malformed", "truncate=1"]) {
      const response = await chat(faults);
      expect(response.status).toBe(200);
      await expect(response.json()).rejects.toThrow(SyntaxError);
    }
  });

  test("no_usage: no usage", async () => {
    expect(await (await chat("no_usage")).json()).not.toHaveProperty("usage");
  });

  test("latency_ms: waits before answering", async () => {
    const start = performance.now();
    await chat("latency_ms=120");
    expect(performance.now() - start).toBeGreaterThan(110);
  });

  test("embeddings take faults too", async () => {
    const response = await simulator.post("/embeddings", { model: "simulator-embedding+status=503", input: "x" });
    expect(response.status).toBe(503);
  });
});

describe("faults for all requests", () => {
  test("come from the options; those of the model's name win", async () => {
    const failing = await startSimulator({ faults: "status=503", latencyMs: 1, tokensPerSecond: 100_000 });
    expect((await failing.chat({})).status).toBe(503);
    expect((await failing.chat({ model: "simulator-small+status=429" })).status).toBe(429);
    await failing.close();
  });
});
