/**
 * The official `openai` SDK against agentmesh: a model, a model as a stream, an agent, an agent in a session.
 * Run with: node examples/clients/openai.ts
 */
import OpenAI from "openai";
import { fail, httpUrl, readKey } from "./mesh.ts";

async function main(): Promise<void> {
  const openai = new OpenAI({ baseURL: `${httpUrl}/v1`, apiKey: readKey() });

  const names = (await openai.models.list()).data.map(({ id }) => id);
  console.log(`models: ${names.join(", ")}`);

  const { data, response } = await openai.chat.completions
    .create({ model: "auto", messages: [{ role: "user", content: "Say hello in one sentence." }] })
    .withResponse();
  console.log(`\n${data.model}: ${data.choices[0]?.message.content}`);
  console.log(`cost: ${response.headers.get("x-agentmesh-cost-nano-usd")} nano-dollars`);

  const stream = await openai.chat.completions.create({
    model: "auto",
    messages: [{ role: "user", content: "Count from one to five." }],
    stream: true,
  });
  process.stdout.write("\nas a stream: ");
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");

  console.log(`\n\nan agent: ${await ask(openai, "What is 17 * 23?")}`);
  const session = `openai-example-${Date.now()}`;
  await ask(openai, "My name is Ada.", session);
  console.log(`in a session: ${await ask(openai, "What is my name?", session)}`);
}

/** Asks the agent "assistant". In a session it remembers, so only the new message is sent. */
async function ask(openai: OpenAI, question: string, session?: string): Promise<string> {
  const headers: Record<string, string> = session === undefined ? {} : { "x-agentmesh-session": session };
  const answer = await openai.chat.completions.create(
    { model: "agent/assistant", messages: [{ role: "user", content: question }] },
    { headers },
  );
  return answer.choices[0]?.message.content ?? "";
}

await main().catch(fail);
