import { Role } from "@agentmesh/contracts/type/v1/types";
import { expect, it } from "vitest";
import { describeMesh } from "./harness/describe-mesh.ts";
import { failureOf } from "./harness/failure.ts";
import { message } from "./harness/messages.ts";
import type { Person } from "./harness/person.ts";
import { answerOf, textOf } from "./harness/runs.ts";
import { script } from "./harness/scripts.ts";
import { allTopologies } from "./harness/topologies.ts";

async function say(person: Person, agentId: string, input: string, sessionId = ""): Promise<string> {
  const { run } = await person.agents.run({ run: { agentId, input, sessionId } });
  expect(run?.error).toBeUndefined();
  return answerOf(run);
}

describeMesh("conversations", { topologies: allTopologies }, (mesh) => {
  it("know in their second turn what was said in the first, until they are deleted", async () => {
    const person = await mesh().person();
    await say(person, "assistant", "My name is Ada.", "s1");
    expect(await say(person, "assistant", "What is my name?", "s1")).toContain("Ada");
    expect(await say(person, "assistant", "What is my name?", "s2")).not.toContain("Ada");
    const { session, messages } = await person.sessions.getSession({ sessionId: "s1" });
    expect(session).toMatchObject({ id: "s1", version: 2n, messageCount: messages.length });
    expect(messages.map(({ position }) => Number(position))).toEqual(messages.map((_, index) => index + 1));
    expect(messages.map(({ message }) => textOf(message)).join("\n")).toMatch(
      /My name is Ada\.[\s\S]*What is my name\?/,
    );
    const { sessions } = await person.sessions.listSessions({});
    expect(sessions.map(({ id }) => id).toSorted()).toEqual(["s1", "s2"]);
    await person.sessions.deleteSession({ sessionId: "s1" });
    expect(await failureOf(person.sessions.getSession({ sessionId: "s1" }))).toMatchObject({
      reason: "SESSION_NOT_FOUND",
    });
    expect(await say(person, "assistant", "What is my name?", "s1")).not.toContain("Ada");
  });

  it("may be kept by the client, which sends its history", async () => {
    const { agents } = await mesh().person();
    const history = [message(Role.USER, "My name is Grace."), message(Role.ASSISTANT, "Nice to meet you, Grace.")];
    const { run } = await agents.run({ run: { agentId: "assistant", input: "What is my name?", history } });
    expect(answerOf(run)).toContain("Grace");
  });

  it("store each of several simultaneous turns whole, none inside another", async () => {
    const person = await mesh().person();
    const turns = Array.from({ length: 8 }, (_, turn) =>
      say(person, "scripted", script({ text: `answer ${turn}` }), "busy"),
    );
    await Promise.all(turns);
    const { session, messages } = await person.sessions.getSession({ sessionId: "busy" });
    expect(session?.version).toBe(8n);
    const ofTurns = Map.groupBy(messages, ({ turnId }) => turnId);
    expect(ofTurns.size).toBe(8);
    const order = messages.map(({ turnId }) => turnId);
    expect(order).toEqual([...ofTurns].flatMap(([turnId, own]) => own.map(() => turnId)));
    const answers = messages.map(({ message }) => /answer \d$/.exec(textOf(message))?.[0]).filter(Boolean);
    expect(answers.toSorted()).toEqual(Array.from({ length: 8 }, (_, turn) => `answer ${turn}`));
  });

  it("that are deleted while a turn runs end with the turn stored or gone, never with a run that fails", async () => {
    const person = await mesh().person();
    await say(person, "assistant", "My name is Ada.", "fleeting");
    const input = script({ text: "A long answer that is written word by word so that it lasts." });
    const { run } = await person.agents.submitRun({ run: { agentId: "drip", input, sessionId: "fleeting" } });
    const watch = person.agents.watchRun({ runId: run?.id ?? "" });
    let deleted = false;
    for await (const { event } of watch) {
      if (event?.event.case !== "textDelta" || deleted) continue;
      deleted = true;
      await person.sessions.deleteSession({ sessionId: "fleeting" });
    }
    expect(deleted).toBe(true);
    const { run: ended } = await person.agents.getRun({ runId: run?.id ?? "" });
    expect(ended?.error).toBeUndefined();
    expect(answerOf(ended)).toContain("word by word");
    const { messages } = await person.sessions.getSession({ sessionId: "fleeting" }).catch(() => ({ messages: [] }));
    expect(messages.map(({ message }) => textOf(message)).join()).not.toContain("Ada");
  });

  it("let an agent answer from notes that it was told in another session, and nobody else", async () => {
    const [ada, bob] = [await mesh().person(), await mesh().person()];
    await say(ada, "notes", "Remember that the spare key is under the blue flower pot.");
    expect(await say(ada, "notes", "What do my notes say about the spare key?")).toContain("blue flower pot");
    expect(await say(bob, "notes", "What do my notes say about the spare key?")).not.toContain("blue flower pot");
  });
});
