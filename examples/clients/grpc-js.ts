/**
 * A plain `@grpc/grpc-js` client: nothing of agentmesh but the messages. Any language's gRPC works like this.
 * Run with: node examples/clients/grpc-js.ts
 */
import {
  ListAgentsRequestSchema,
  ListAgentsResponseSchema,
  StreamRunRequestSchema,
  StreamRunResponseSchema,
} from "@agentmesh/contracts/gateway/v1/agent_service";
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { fail, grpcAddress, readKey } from "./mesh.ts";

const writer =
  <D extends DescMessage>(desc: D) =>
  (message: MessageShape<D>) =>
    Buffer.from(toBinary(desc, message));
const reader =
  <D extends DescMessage>(desc: D) =>
  (bytes: Buffer) =>
    fromBinary(desc, bytes);

async function main(): Promise<void> {
  const client = new Client(grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readKey()}`);
  try {
    console.log(`agents: ${(await listAgents(client, metadata)).join(", ")}`);
    await streamRun(client, metadata);
  } finally {
    client.close();
  }
}

function listAgents(client: Client, metadata: Metadata): Promise<string[]> {
  const [write, read] = [writer(ListAgentsRequestSchema), reader(ListAgentsResponseSchema)];
  return new Promise((resolve, reject) => {
    const path = "/agentmesh.gateway.v1.AgentService/ListAgents";
    const options = { deadline: Date.now() + 5_000 };
    client.makeUnaryRequest(
      path,
      write,
      read,
      create(ListAgentsRequestSchema),
      metadata,
      options,
      (error, response) => {
        if (error || response === undefined) reject(error ?? new Error("no answer"));
        else resolve(response.agents.map(({ id }) => id));
      },
    );
  });
}

async function streamRun(client: Client, metadata: Metadata): Promise<void> {
  const request = create(StreamRunRequestSchema, { run: { agentId: "assistant", input: "What is 17 * 23?" } });
  const [write, read] = [writer(StreamRunRequestSchema), reader(StreamRunResponseSchema)];
  const path = "/agentmesh.gateway.v1.AgentService/StreamRun";
  const stream = client.makeServerStreamRequest(path, write, read, request, metadata);
  for await (const response of stream) {
    const { event } = (response as MessageShape<typeof StreamRunResponseSchema>).event ?? {};
    if (event?.case === "textDelta") process.stdout.write(event.value.text);
    else process.stdout.write(`\n[${event?.case}] `);
  }
  process.stdout.write("\n");
}

await main().catch(fail);
