/**
 * The yardstick: Node's http server and undici, nothing in between. It reads a request, sends it on, and sends the
 * answer back. Usage: bare-proxy.ts <port> <target url>
 */
import { createServer } from "node:http";
import { Pool } from "undici";

const [port, target] = process.argv.slice(2);
if (port === undefined || target === undefined) throw new Error("usage: bare-proxy.ts <port> <target url>");
const pool = new Pool(new URL(target).origin, { connections: 128, pipelining: 1 });

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    try {
      const body = Buffer.concat(chunks);
      const path = request.url ?? "/";
      const headers = { "content-type": "application/json" };
      const answer = await pool.request({ path, method: "POST", body, headers });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      response.writeHead(answer.statusCode, { "content-type": "application/json", "content-length": bytes.length });
      response.end(bytes);
    } catch {
      response.writeHead(502).end();
    }
  });
});
server.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void pool.close();
});
