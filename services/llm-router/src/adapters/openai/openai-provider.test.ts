/** Wire cases that no well-behaved server produces, each by a small server that does exactly that. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { ProviderCall, ProviderChunk } from "../../domain/ports.ts";
import { ProviderFailure } from "../../domain/provider-failure.ts";
import { OpenAiProvider, type OpenAiProviderOptions } from "./openai-provider.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serveBytes(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onConnection(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function providerAt(baseUrl: string, options: Partial<OpenAiProviderOptions> = {}): OpenAiProvider {
  const provider = new OpenAiProvider({
    name: "test",
    baseUrl,
    apiKey: undefined,
    maxTokensField: "max_tokens",
    streamUsage: true,
    connectTimeoutMs: 1_000,
    firstByteMs: 2_000,
    idleMs: 2_000,
    maxResponseBytes: 100_000,
    connections: 4,
    ...options,
  });
  cleanups.push(() => provider.close());
  return provider;
}

const never = new AbortController().signal;
const call = (signal: AbortSignal = never): ProviderCall => ({
  encoded: { json: '"messages":[]', bytes: 13 },
  upstreamModel: 'a "quoted" model',
  maxOutputTokens: 5,
  limits: { signal, deadline: Date.now() + 10_000 },
});

const streaming =
  (write: (response: ServerResponse) => void): RequestListener =>
  (request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "text/event-stream" });
    write(response);
  };

const event = (content: string | null, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ model: "m", choices: [{ index: 0, delta: { content }, finish_reason }] })}\n\n`;

async function read(stream: AsyncIterable<ProviderChunk>) {
  const chunks: ProviderChunk[] = [];
  let failure: unknown;
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (error) {
    failure = error;
  }
  return { chunks, text: chunks.map(({ text }) => text).join(""), failure };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

async function failureOf(promise: Promise<unknown>): Promise<ProviderFailure> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (error instanceof ProviderFailure) return error;
  throw new Error(`no ProviderFailure but ${String(error)}`);
}

describe("a request", () => {
  it("carries key, model, limit and the encoded prompt to the address with its path", async () => {
    const seen: { url?: string | undefined; key?: string | undefined; body?: unknown } = {};
    const url = await serve(async (request, response) => {
      seen.url = request.url;
      seen.key = request.headers.authorization;
      seen.body = JSON.parse(await bodyOf(request));
      response.end('{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}');
    });
    await providerAt(`${url}/openai/v1/`, { apiKey: "sk-1", maxTokensField: "max_completion_tokens" }).generate(call());
    expect(seen).toEqual({
      url: "/openai/v1/chat/completions",
      key: "Bearer sk-1",
      body: { model: 'a "quoted" model', max_completion_tokens: 5, messages: [] },
    });
    await providerAt(url).generate(call());
    expect(seen).toMatchObject({ url: "/v1/chat/completions", key: undefined });
  });

  it("of a stream asks for usage only where the provider knows that", async () => {
    const bodies: unknown[] = [];
    const url = await serve(async (request, response) => {
      bodies.push(JSON.parse(await bodyOf(request)));
      response.writeHead(200).end(event("a", "stop"));
    });
    await read(providerAt(url).stream(call()));
    await read(providerAt(url, { streamUsage: false }).stream(call()));
    expect(bodies).toMatchObject([{ stream: true, stream_options: { include_usage: true } }, { stream: true }]);
    expect(bodies[1]).not.toHaveProperty("stream_options");
  });
});

describe("a stream", () => {
  it("is read with comments, CR LF, characters cut in two, and without [DONE]", async () => {
    const bytes = Buffer.from(
      `: hello\r\n\r\n${event("ä€😀")}${event("!")}`.replaceAll("\n\n", "\r\n\r\n") + event(null, "stop"),
    );
    const url = await serve(
      streaming(async (response) => {
        for (const byte of bytes) {
          response.write(Buffer.of(byte));
          if (byte > 127) await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      }),
    );
    const { text, chunks, failure } = await read(providerAt(url).stream(call()));
    expect([text, chunks.at(-1)?.finishReason, failure]).toEqual(["ä€😀!", "stop", undefined]);
  });

  it("takes usage from a last chunk that has no choices", async () => {
    const usage = 'data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}\n\n';
    const url = await serve(streaming((response) => response.end(`${event("a", "stop")}${usage}data: [DONE]\n\n`)));
    const { chunks } = await read(providerAt(url).stream(call()));
    expect(chunks.at(-1)?.usage).toMatchObject({ inputTokens: 7, outputTokens: 2, estimated: false });
  });

  it("delivers what came before the connection broke, and then the failure", async () => {
    const url = await serve(
      streaming((response) => {
        response.write(event("a"));
        response.write(event("b"), () => response.destroy());
      }),
    );
    const { text, failure } = await read(providerAt(url).stream(call()));
    expect(text).toBe("ab");
    expect(failure).toMatchObject({ kind: "protocol", worked: true });
  });

  it("with an error object in place of a piece fails without the provider's words", async () => {
    const error = 'data: {"error":{"message":"sk-secret at 10.1.2.3","code":503}}\n\n';
    const url = await serve(streaming((response) => response.end(event("a") + error)));
    const { failure } = await read(providerAt(url).stream(call()));
    expect(failure).toMatchObject({ kind: "unavailable", status: 503 });
    expect(String(failure)).not.toMatch(/secret|10\.1/);
  });

  it("that never ends a line, or is too large, is given up", async () => {
    const endless = await serve(
      streaming((response) => {
        const more = () => {
          while (!response.destroyed && response.write("data: ".padEnd(65_536, "x")));
        };
        response.on("drain", more);
        more();
      }),
    );
    const event1 = await read(providerAt(endless, { maxResponseBytes: 64_000_000 }).stream(call()));
    expect(event1.failure).toMatchObject({
      kind: "protocol",
      message: expect.stringContaining("an event of more than"),
    });
    const size = await read(providerAt(endless).stream(call()));
    expect(size.failure).toMatchObject({
      kind: "protocol",
      message: expect.stringContaining("larger than 100000 bytes"),
    });
  });

  it("kept open by comments alone counts as silent", async () => {
    const url = await serve(
      streaming((response) => {
        response.write(event("a"));
        const timer = setInterval(() => response.write(": still here\n\n"), 20);
        response.on("close", () => clearInterval(timer));
      }),
    );
    const { text, failure } = await read(providerAt(url, { idleMs: 150 }).stream(call()));
    expect([text, (failure as ProviderFailure).kind]).toEqual(["a", "timeout"]);
  });

  it("that a slow reader holds up is throttled, not lost and not called silent", async () => {
    let written = 0;
    const url = await serve(
      streaming(async (response) => {
        for (let count = 0; count < 2_000; count++) {
          written += 1;
          if (!response.write(event("x".repeat(4_000)))) await once(response, "drain");
        }
        response.end(event(null, "stop"));
      }),
    );
    const provider = providerAt(url, { maxResponseBytes: 64_000_000, idleMs: 100 });
    let characters = 0;
    let first = true;
    for await (const chunk of provider.stream(call())) {
      if (first) await new Promise((resolve) => setTimeout(resolve, 400));
      if (first) expect(written).toBeLessThan(2_000);
      first = false;
      characters += chunk.text.length;
    }
    expect(characters).toBe(8_000_000);
  });

  it("left by its reader closes the connection to the provider", async () => {
    const closed: Promise<unknown>[] = [];
    const url = await serve(
      streaming((response) => {
        closed.push(once(response, "close"));
        response.write(event("a"));
      }),
    );
    for await (const chunk of providerAt(url).stream(call())) {
      expect(chunk.text).toBe("a");
      break;
    }
    await closed[0];
  });
});

describe("a plain answer", () => {
  it("of many pieces and many kilobytes is put together", async () => {
    const content = "ä€😀".repeat(20_000);
    const url = await serve((request, response) => {
      request.resume();
      const bytes = Buffer.from(JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }] }));
      for (let start = 0; start < bytes.length; start += 1_001) response.write(bytes.subarray(start, start + 1_001));
      response.end();
    });
    const answer = await providerAt(url, { maxResponseBytes: 1_000_000 }).generate(call());
    expect(answer.text).toBe(content);
  });

  it("that is a redirection is not followed", async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
    expect(await failureOf(providerAt(url).generate(call()))).toMatchObject({ kind: "rejected", status: 302 });
  });

  it.each([
    [400, '{"error":{"message":"This model\'s maximum context length is 10 tokens"}}', "too_long"],
    [413, "", "too_long"],
    [400, '{"error":{"message":"sk-secret"}}', "rejected"],
    [429, "x".repeat(1_000_000), "rate_limited"],
    [500, "", "unavailable"],
    [529, "", "unavailable"],
  ])("with HTTP %i is a failure that says nothing of its body (%#)", async (status, body, kind) => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    });
    const failure = await failureOf(providerAt(url).generate(call()));
    expect(failure).toMatchObject({ kind, status, worked: false });
    expect(failure.message).not.toContain("secret");
  });

  it("that is no HTTP is not taken for a broken connection", async () => {
    const url = await serveBytes((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.9\r\n")));
    expect(await failureOf(providerAt(url).generate(call()))).toMatchObject({ kind: "protocol" });
  });

  it("whose status line came but not its body tells when it was cut", async () => {
    const url = await serveBytes((socket) =>
      socket.once("data", () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"choi')),
    );
    expect(await failureOf(providerAt(url).generate(call()))).toMatchObject({
      kind: "protocol",
      worked: true,
      answerBytes: 6,
    });
  });
});

describe("a plain answer that stops in the middle", () => {
  it("is given up after the idle time", async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200);
      response.write('{"choices":');
    });
    const failure = await failureOf(providerAt(url, { idleMs: 100 }).generate(call()));
    expect(failure).toMatchObject({ kind: "timeout", worked: true });
  });
});

describe("a provider", () => {
  it("that cannot be reached, or closes without a word, may be tried again", async () => {
    const url = await serveBytes((socket) => socket.once("data", () => socket.destroy()));
    expect(await failureOf(providerAt(url).generate(call()))).toMatchObject({ kind: "reset", worked: false });
    const nobody = await serveBytes(() => {});
    for (const clean of cleanups.splice(-1)) await clean();
    expect(await failureOf(providerAt(nobody).generate(call()))).toMatchObject({ kind: "connect", worked: false });
  });

  it("that accepts connections only slowly is given up by the caller's own clock", async () => {
    const url = await serveBytes(() => {});
    const controller = new AbortController();
    const provider = providerAt(url, { connections: 1 });
    const working = failureOf(provider.generate(call(controller.signal)));
    const waiting = failureOf(provider.generate(call(controller.signal)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort();
    expect((await working).kind).toBe("cancelled");
    expect(await waiting).toMatchObject({ kind: "cancelled", worked: false });
    expect((await failureOf(provider.generate(call(controller.signal)))).kind).toBe("cancelled");
  });

  it("keeps its connections for further calls", async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      request.resume();
      ports.add(request.socket.remotePort);
      response.end('{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}');
    });
    const provider = providerAt(url);
    for (let count = 0; count < 10; count++) await provider.generate(call());
    // A call that begins in the moment another ends may find its connection busy.
    expect(ports.size).toBeLessThanOrEqual(2);
  });
});
