import type { Simulator, SimulatorOptions } from "./index.ts";
import { createSimulator } from "./index.ts";

/** A simulator for one test file, with the requests tests make over and over. */
export interface SimulatorClient extends Simulator {
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  chat(body: object, init?: RequestInit): Promise<Response>;
}

/** Starts a simulator on a free port. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<SimulatorClient> {
  const simulator = await createSimulator(options);
  const post = (path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${simulator.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...init,
    });
  const messages = [{ role: "user", content: "Hello" }];
  const chat = (body: object, init?: RequestInit) =>
    post("/chat/completions", { model: "simulator-small", messages, ...body }, init);
  return Object.assign(Object.create(simulator) as Simulator, { post, chat });
}

/** The JSON objects of a stream's events, `[DONE]` as a text; broken JSON as the raw text. */
export function eventsOf(stream: string): unknown[] {
  const lines = stream.split("\n\n").filter((line) => line.startsWith("data: "));
  return lines.map((line) => {
    const data = line.slice("data: ".length);
    try {
      return JSON.parse(data);
    } catch {
      return data;
    }
  });
}
