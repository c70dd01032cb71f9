import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { EventStream } from "./event-stream.ts";

const large = JSON.stringify("x".repeat(1_000_000));
let server: Server;
let client: Socket;
afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

/** Sends to a client that begins to read once the server waits for it, or never. @returns what came of the answer */
async function sendLarge(times: number, stalledMs: number, reads: boolean): Promise<"sent" | "cut"> {
  const outcome = Promise.withResolvers<"sent" | "cut">();
  server = createServer(async (_request, response) => {
    const stream = new EventStream(response, stalledMs);
    for (let i = 0; i < times && !response.destroyed; i++) {
      const room = stream.send(large);
      if (reads && room !== undefined) client.resume();
      await room;
    }
    outcome.resolve(response.destroyed ? "cut" : "sent");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
  return outcome.promise;
}

describe("an event stream", () => {
  it("ends with a client that takes nothing any more", async () => {
    expect(await sendLarge(100, 50, false)).toBe("cut");
  });

  it("waits for a client that is slow", async () => {
    expect(await sendLarge(20, 10_000, true)).toBe("sent");
  });
});
