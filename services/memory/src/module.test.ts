/** The service as others meet it: over both transports, with principals, typed errors, restarts and expiry. */
import { Provenance, Role } from "@agentmesh/contracts/type/v1/types";
import { errorInfoOf } from "@agentmesh/rpc";
import { temporaryDirectory } from "@agentmesh/state/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type StartOptions, startMemory } from "./memory.fixture.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

function makeFolder(): string {
  const folder = temporaryDirectory();
  cleanups.push(() => folder.remove());
  return folder.path;
}

async function start(options: Omit<StartOptions, "folder"> & { readonly folder?: string }) {
  const started = await startMemory({ folder: makeFolder(), ...options });
  cleanups.push(() => started.running.stop(0));
  return started;
}

async function failureOf(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return errorInfoOf(error);
}

const says = (role: Role, text: string) => ({
  role,
  parts: [{ content: { case: "text" as const, value: text }, provenance: Provenance.USER }],
});
const turn = (version: number, turnId: string, sessionId = "s1") => ({
  sessionId,
  expectedVersion: BigInt(version),
  turnId,
  messages: [says(Role.USER, `question of ${turnId}`), says(Role.ASSISTANT, `answer of ${turnId}`)],
});

describe.each(["direct", "grpc"])("memory over %s", (transport) => {
  it("keeps a conversation and gives it back, tool calls included", async () => {
    const { memory, as } = await start({ transport });
    const call = { id: "c1", name: "calculator", argumentsJson: '{"expression":"17*23"}' };
    const messages = [
      says(Role.USER, "What is 17 * 23?"),
      { role: Role.ASSISTANT, toolCalls: [call] },
      { ...says(Role.TOOL, "391"), toolCallId: "c1" },
      says(Role.ASSISTANT, "391."),
    ];
    const appended = await memory.appendTurn({ sessionId: "s1", turnId: "r1", messages }, as("ann"));
    expect(appended.version).toBe(1n);
    const window = await memory.loadWindow({ sessionId: "s1" }, as("ann"));
    expect(window.messages).toMatchObject(messages);
    expect(window).toMatchObject({ version: 1n, truncated: false });
    expect((await memory.loadWindow({ sessionId: "s1" }, as("bob"))).version).toBe(0n);
    const { session } = await memory.getSession({ sessionId: "s1" }, as("ann"));
    expect(session).toMatchObject({ id: "s1", version: 1n, messageCount: 4 });
    expect(Number(session?.expires?.seconds) - Number(session?.updated?.seconds)).toBe(3600);
  });

  it("refuses a turn that is based on an old version and says which is current", async () => {
    const { memory, as } = await start({ transport });
    await memory.appendTurn(turn(0, "r1"), as("ann"));
    expect(await failureOf(memory.appendTurn(turn(0, "r2"), as("ann")))).toMatchObject({
      reason: "VERSION_CONFLICT",
      domain: "memory.agentmesh",
      metadata: { current_version: "1" },
    });
    expect((await memory.appendTurn(turn(0, "r1"), as("ann"))).version).toBe(1n);
  });

  it("keeps what was acknowledged when the process starts again", async () => {
    const folder = makeFolder();
    const first = await start({ transport, folder });
    await first.memory.appendTurn(turn(0, "r1"), first.as("ann"));
    await first.memory.remember({ id: "m1", text: "The cat is called Minka" }, first.as("ann"));
    await first.running.stop(0);
    const second = await start({ transport, folder });
    expect((await second.memory.loadWindow({ sessionId: "s1" }, second.as("ann"))).messages.length).toBe(2);
    const { results } = await second.memory.recall({ query: "what is the cat called" }, second.as("ann"));
    expect(results.map(({ record }) => record?.id)).toEqual(["m1"]);
  });

  it("forgets a session when its time is over and removes it from the store", async () => {
    let now = Date.now();
    const { memory, as, running } = await start({
      transport,
      clock: () => now,
      environment: { AGENTMESH_MEMORY_SWEEP_INTERVAL: "100ms" },
    });
    await memory.appendTurn({ ...turn(0, "r1"), timeToLive: { seconds: 60n } }, as("ann"));
    await memory.appendTurn({ ...turn(0, "r1", "s2"), timeToLive: { seconds: 7200n } }, as("ann"));
    now += 60_000;
    expect(await failureOf(memory.getSession({ sessionId: "s1" }, as("ann")))).toMatchObject({
      reason: "SESSION_NOT_FOUND",
    });
    expect((await memory.listSessions({}, as("ann"))).sessions.map(({ id }) => id)).toEqual(["s2"]);
    now += 3_600_000;
    const sessions = async () => {
      const text = await (await fetch(`http://${running.addresses.metrics}/metrics`)).text();
      return /^memory_sessions\{[^}]*\} (\d+)/m.exec(text)?.[1];
    };
    await expect.poll(sessions, { interval: 20, timeout: 10_000 }).toBe("1");
  });

  it("pages through sessions and messages and refuses tokens it did not give out", async () => {
    const { memory, as } = await start({ transport });
    for (const id of ["a", "b", "c"]) await memory.appendTurn(turn(0, "r1", id), as("ann"));
    const first = await memory.listSessions({ pageSize: 2 }, as("ann"));
    const second = await memory.listSessions({ pageSize: 2, pageToken: first.nextPageToken }, as("ann"));
    expect([...first.sessions, ...second.sessions].map(({ id }) => id).sort()).toEqual(["a", "b", "c"]);
    expect(second.nextPageToken).toBe("");
    const messages = await memory.listMessages({ sessionId: "a", pageSize: 1 }, as("ann"));
    expect(messages.messages).toMatchObject([{ position: 1n, turnId: "r1" }]);
    for (const pageToken of ["x", messages.nextPageToken, "c2Vzc2lvbnM6MQ", "\u{1f600}", "a".repeat(5000)]) {
      expect(await failureOf(memory.listSessions({ pageToken }, as("ann")))).toMatchObject({
        reason: "INVALID_REQUEST",
      });
    }
  });

  it("names the field that is wrong", async () => {
    const { memory, as } = await start({ transport });
    const append = (change: object) => failureOf(memory.appendTurn({ ...turn(0, "r1"), ...change }, as("ann")));
    expect(await append({ sessionId: "a b" })).toMatchObject({
      reason: "INVALID_REQUEST",
      message: expect.stringContaining("session_id"),
    });
    expect(await append({ turnId: "" })).toMatchObject({ reason: "INVALID_REQUEST" });
    expect(await append({ expectedVersion: -1n })).toMatchObject({ reason: "INVALID_REQUEST" });
    expect(await append({ expectedVersion: 9_007_199_254_740_993n })).toMatchObject({ reason: "INVALID_REQUEST" });
    expect(await append({ timeToLive: { seconds: 59n } })).toMatchObject({
      message: expect.stringContaining("time_to_live"),
    });
    expect(await append({ timeToLive: { seconds: 315_576_000_000n } })).toMatchObject({ reason: "INVALID_REQUEST" });
    expect(await append({ messages: [] })).toMatchObject({ reason: "INVALID_MESSAGE" });
    expect(await append({ messages: [says(Role.UNSPECIFIED, "x")] })).toMatchObject({
      message: expect.stringContaining("messages[0].role"),
    });
    expect(await append({ messages: [says(Role.USER, "x".repeat(262_145))] })).toMatchObject({
      reason: "INVALID_MESSAGE",
    });
    expect(await append({ messages: [says(Role.TOOL, "x")] })).toMatchObject({ reason: "INVALID_MESSAGE" });
    expect(await failureOf(memory.loadWindow({ sessionId: "s", maxTokens: -1 }, as("ann")))).toMatchObject({
      reason: "INVALID_REQUEST",
    });
    expect(await failureOf(memory.listSessions({ pageSize: 201 }, as("ann")))).toMatchObject({
      reason: "INVALID_REQUEST",
    });
    expect((await memory.loadWindow({ sessionId: "s1" }, as("ann"))).version).toBe(0n);
  });

  it("remembers, recalls the nearest first, replaces by id and forgets", async () => {
    const { memory, as, asked } = await start({ transport });
    const { record } = await memory.remember(
      { text: "Paris is the capital of France", metadata: { source: "atlas" } },
      as("ann"),
    );
    expect(record?.id).not.toBe("");
    await memory.remember({ id: "b", text: "Berlin is a big city" }, as("ann"));
    const { results } = await memory.recall({ query: "capital of France" }, as("ann"));
    expect(results[0]?.record).toMatchObject({ text: "Paris is the capital of France", metadata: { source: "atlas" } });
    expect((await memory.recall({ query: "capital of France" }, as("bob"))).results).toEqual([]);
    expect((await memory.recall({ query: "capital", collection: "other" }, as("ann"))).results).toEqual([]);
    await memory.remember({ id: "b", text: "Bonn was the capital" }, as("ann"));
    const before = asked.length;
    await memory.remember({ id: "b", text: "Bonn was the capital" }, as("ann"));
    expect(asked.length).toBe(before);
    const bonn = await memory.recall({ query: "Bonn was the capital", limit: 1 }, as("ann"));
    expect(bonn.results).toMatchObject([{ record: { id: "b", text: "Bonn was the capital" } }]);
    expect(bonn.results[0]?.score).toBeCloseTo(1, 5);
    await memory.forget({ id: "b" }, as("ann"));
    expect(await failureOf(memory.forget({ id: "b" }, as("ann")))).toMatchObject({ reason: "MEMORY_NOT_FOUND" });
    expect((await memory.recall({ query: "Bonn", minScore: 0.5 }, as("ann"))).results).toEqual([]);
  });

  it("refuses memories and queries that are not valid", async () => {
    const { memory, as } = await start({ transport });
    const remember = (change: object) => failureOf(memory.remember({ text: "x", ...change }, as("ann")));
    expect(await remember({ text: "" })).toMatchObject({ reason: "INVALID_MEMORY" });
    expect(await remember({ text: "x".repeat(32_769) })).toMatchObject({ reason: "INVALID_MEMORY" });
    expect(await remember({ id: "x".repeat(129) })).toMatchObject({ reason: "INVALID_MEMORY" });
    expect(await remember({ collection: "a/b" })).toMatchObject({ reason: "INVALID_MEMORY" });
    expect(await remember({ metadata: { x: "y".repeat(9000) } })).toMatchObject({ reason: "INVALID_MEMORY" });
    const recall = (change: object) => failureOf(memory.recall({ query: "x", ...change }, as("ann")));
    expect(await recall({ query: "" })).toMatchObject({ reason: "INVALID_QUERY" });
    expect(await recall({ limit: 51 })).toMatchObject({ reason: "INVALID_QUERY" });
    expect(await recall({ minScore: Number.NaN })).toMatchObject({ reason: "INVALID_QUERY" });
  });

  it("refuses to mix vectors of two embedding models", async () => {
    const folder = makeFolder();
    const first = await start({ transport, folder });
    await first.memory.remember({ id: "a", text: "made with the first model" }, first.as("ann"));
    await first.running.stop(0);
    const environment = { AGENTMESH_MEMORY_EMBEDDING_MODEL: "another" };
    const second = await start({ transport, folder, environment });
    const mismatch = {
      reason: "EMBEDDING_MODEL_MISMATCH",
      metadata: { collection_model: "lexical", current_model: "another" },
    };
    expect(await failureOf(second.memory.remember({ text: "b" }, second.as("ann")))).toMatchObject(mismatch);
    expect(await failureOf(second.memory.recall({ query: "b" }, second.as("ann")))).toMatchObject(mismatch);
    await second.memory.forget({ id: "a" }, second.as("ann"));
    await second.memory.remember({ text: "b" }, second.as("ann"));
    expect((await second.memory.recall({ query: "b" }, second.as("ann"))).results.length).toBe(1);
  });

  it("lets ten writers append to one session, each turn once and in order", async () => {
    const { memory, as } = await start({ transport });
    const write = async (writer: number) => {
      for (let version = 0; ; ) {
        const failure = await failureOf(memory.appendTurn(turn(version, `w${writer}`), as("ann")));
        if (failure === undefined) return;
        version = Number(failure.metadata.current_version);
      }
    };
    await Promise.all(Array.from({ length: 10 }, (_, writer) => write(writer)));
    const { messages } = await memory.listMessages({ sessionId: "s1" }, as("ann"));
    expect(messages.map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect(new Set(messages.map(({ turnId }) => turnId)).size).toBe(10);
  });
});
