import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { failureOf } from "./harness/failure.ts";

describeMesh("keys", {}, (mesh) => {
  it("do what their scopes say and nothing else", async () => {
    const reader = await mesh().person({ scopes: ["agents:read"] });
    expect((await reader.agents.listAgents({})).agents.map(({ id }) => id)).toContain("assistant");
    const denied = [
      () => reader.agents.run({ run: { agentId: "assistant", input: "Hello" } }),
      () => reader.models.listModels({}),
      () => reader.usage.getUsage({}),
      () => reader.keys.createKey({ name: "more", scopes: ["agents:read"] }),
      () => reader.sessions.deleteSession({ sessionId: "s" }),
    ];
    for (const call of denied) {
      expect(await failureOf(call())).toMatchObject({ code: "PermissionDenied", reason: "SCOPE_MISSING" });
    }
  });

  it("cannot grant what they do not have, nor take over a mightier key by rotating it", async () => {
    const keeper = await mesh().person({ scopes: ["keys:admin", "agents:read"] });
    const { secret } = await keeper.keys.createKey({ name: "child", scopes: ["agents:read"] });
    await mesh().as(secret).agents.listAgents({});
    const more = keeper.keys.createKey({ name: "child", scopes: ["agents:run"] });
    expect(await failureOf(more)).toMatchObject({ code: "PermissionDenied", reason: "SCOPE_NOT_HELD" });
    const takeOver = keeper.keys.rotateKey({ keyId: mesh().admin.key.id });
    expect(await failureOf(takeOver)).toMatchObject({ code: "PermissionDenied", reason: "SCOPE_NOT_HELD" });
    await mesh().admin.agents.listAgents({});
  });

  it("work on with their old secret for the grace period of a rotation, and not without one", async () => {
    const person = await mesh().person();
    const { admin } = mesh();
    const second = await admin.keys.rotateKey({ keyId: person.key.id, grace: durationFromMs(60_000) });
    await person.agents.listAgents({});
    await mesh().as(second.secret).agents.listAgents({});
    const third = await admin.keys.rotateKey({ keyId: person.key.id });
    await mesh().as(third.secret).agents.listAgents({});
    for (const secret of [person.secret, second.secret]) {
      expect(await failureOf(mesh().as(secret).agents.listAgents({}))).toMatchObject({ code: "Unauthenticated" });
    }
  });

  it("end at once when they are revoked, and stay in the list without their secret", async () => {
    const person = await mesh().person();
    await person.agents.listAgents({});
    await mesh().admin.keys.revokeKey({ keyId: person.key.id });
    expect(await failureOf(person.agents.listAgents({}))).toMatchObject({
      code: "Unauthenticated",
      reason: "KEY_REVOKED",
    });
    const { keys } = await mesh().admin.keys.listKeys({ pageSize: 200 });
    const listed = keys.find(({ id }) => id === person.key.id);
    expect(listed?.revoked).toBeDefined();
    expect(JSON.stringify(listed, (_, value) => (typeof value === "bigint" ? String(value) : value))).not.toContain(
      person.secret,
    );
  });

  it("limit the rate of their calls, say how many are left and when to come back", async () => {
    const person = await mesh().person({ requestsPerMinute: 3 });
    const remaining: (string | null)[] = [];
    const onHeader = (headers: Headers) => remaining.push(headers.get("x-ratelimit-remaining-requests"));
    for (let call = 0; call < 3; call += 1) await person.agents.listAgents({}, { onHeader });
    expect(remaining).toEqual(["2", "1", "0"]);
    const refused = await failureOf(person.agents.listAgents({}));
    expect(refused).toMatchObject({ code: "ResourceExhausted", reason: "RATE_LIMITED" });
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(20_000);
    const answer = await fetch(`${mesh().url}/v1/models`, { headers: { authorization: `Bearer ${person.secret}` } });
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("3");
    await (await mesh().person()).agents.listAgents({});
  });

  it("of which many calls come at once admit exactly as many as their rate allows", async () => {
    const person = await mesh().person({ requestsPerMinute: 10 });
    const calls = await Promise.allSettled(Array.from({ length: 40 }, () => person.agents.listAgents({})));
    expect(calls.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
  });
});

describeMesh("users", {}, (mesh) => {
  it("find neither runs nor sessions of each other, whatever they ask", async () => {
    const [ada, eve] = [await mesh().person(), await mesh().person()];
    const idempotencyKey = "the same";
    const run = { agentId: "assistant", input: "What is 8 * 8?", idempotencyKey, sessionId: "private" };
    const { run: own } = await ada.agents.run({ run });
    const runId = own?.id ?? "";
    for (const call of [() => eve.agents.getRun({ runId }), () => eve.agents.cancelRun({ runId })]) {
      expect(await failureOf(call())).toMatchObject({ code: "NotFound", reason: "RUN_NOT_FOUND" });
    }
    const watch = async () => {
      for await (const _ of eve.agents.watchRun({ runId }));
    };
    expect(await failureOf(watch())).toMatchObject({ code: "NotFound", reason: "RUN_NOT_FOUND" });
    expect((await eve.agents.listRuns({})).runs).toEqual([]);
    const sessionId = "private";
    for (const call of [
      () => eve.sessions.getSession({ sessionId }),
      () => eve.sessions.deleteSession({ sessionId }),
    ]) {
      expect(await failureOf(call())).toMatchObject({ code: "NotFound", reason: "SESSION_NOT_FOUND" });
    }
    const { run: others } = await eve.agents.run({ run });
    expect(others?.id).not.toBe(runId);
    expect((await ada.sessions.getSession({ sessionId })).session?.version).toBe(1n);
  });

  it("with two keys find what they did with either", async () => {
    const person = await mesh().person();
    const again = await mesh().person({ user: person.user });
    const { run } = await person.agents.run({ run: { agentId: "assistant", input: "What is 3 * 3?" } });
    expect((await again.agents.getRun({ runId: run?.id ?? "" })).run?.id).toBe(run?.id);
  });
});
