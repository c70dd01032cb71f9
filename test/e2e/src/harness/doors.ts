/** The same run through every kind of client a team may use. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  AgentService,
  type RunInputSchema,
  type StreamRunRequest,
  StreamRunRequestSchema,
  type StreamRunResponse,
  StreamRunResponseSchema,
} from "@agentmesh/contracts/gateway/v1/agent_service";
import type { RunEvent } from "@agentmesh/contracts/orchestrator/v1/run";
import { create, fromBinary, fromJsonString, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import {
  credentials,
  Metadata,
  type MethodDefinition,
  makeGenericClientConstructor,
  type ServiceError,
} from "@grpc/grpc-js";
import { withKey } from "./person.ts";
import { eventsOf } from "./runs.ts";
import type { TestMesh } from "./test-mesh.ts";

/** A way into the mesh. */
export interface Door {
  readonly name: string;
  streamRun(mesh: TestMesh, secret: string, run: MessageInitShape<typeof RunInputSchema>): Promise<RunEvent[]>;
}

type MakeTransport = (mesh: TestMesh, secret: string) => ReturnType<typeof createConnectTransport>;

function connectDoor(name: string, transport: MakeTransport): Door {
  return {
    name,
    streamRun: (mesh, secret, run) => eventsOf(createClient(AgentService, transport(mesh, secret)).streamRun({ run })),
  };
}

const repository = fileURLToPath(new URL("../../../..", import.meta.url));

/** Calls an RPC as a person does who has no contracts at hand: `buf curl` asks the server for them by reflection. */
export function bufCurl(
  url: string,
  secret: string,
  data: string,
): Promise<{ code: number; out: string; err: string }> {
  const header = `authorization: Bearer ${secret}`;
  const args = ["curl", "--protocol", "grpc", "--http2-prior-knowledge", "-H", header, "--reflect-header", header];
  return new Promise((resolve) => {
    execFile("buf", [...args, "-d", data, url], { env: pathWithTools() }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

function pathWithTools(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${repository}/node_modules/.bin:${process.env.PATH}` };
}

/** The JSON values of a stream as buf prints them, one after the other. */
export function jsonValues(text: string): string[] {
  return text.split(/(?<=^\}|^\{\})\n/m).filter((value) => value.trim() !== "");
}

const bufCurlDoor: Door = {
  name: "buf curl by reflection",
  async streamRun(mesh, secret, run) {
    const request = toJsonString(StreamRunRequestSchema, create(StreamRunRequestSchema, { run }));
    const url = `http://${mesh.grpcAddress}/agentmesh.gateway.v1.AgentService/StreamRun`;
    const { code, out, err } = await bufCurl(url, secret, request);
    if (code !== 0) throw new Error(`buf curl ended with ${code}: ${err}`);
    const messages = jsonValues(out).map((value) => fromJsonString(StreamRunResponseSchema, value));
    return messages.flatMap(({ event }) => (event === undefined ? [] : [event]));
  },
};

const streamRun: MethodDefinition<StreamRunRequest, StreamRunResponse> = {
  path: "/agentmesh.gateway.v1.AgentService/StreamRun",
  requestStream: false,
  responseStream: true,
  requestSerialize: (message) => Buffer.from(toBinary(StreamRunRequestSchema, message)),
  requestDeserialize: (bytes) => fromBinary(StreamRunRequestSchema, bytes),
  responseSerialize: (message) => Buffer.from(toBinary(StreamRunResponseSchema, message)),
  responseDeserialize: (bytes) => fromBinary(StreamRunResponseSchema, bytes),
};

const grpcJsDoor: Door = {
  name: "grpc-js",
  async streamRun(mesh, secret, run) {
    const Client = makeGenericClientConstructor({ streamRun }, "AgentService");
    const client = new Client(mesh.grpcAddress, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${secret}`);
    try {
      const call = client.makeServerStreamRequest(
        streamRun.path,
        streamRun.requestSerialize,
        streamRun.responseDeserialize,
        create(StreamRunRequestSchema, { run }),
        metadata,
      );
      return await eventsOf(call);
    } catch (error) {
      throw new Error((error as ServiceError).details);
    } finally {
      client.close();
    }
  },
};

/** Every door for typed clients; the OpenAI-compatible one has its own tests. */
export const doors: readonly Door[] = [
  bufCurlDoor,
  grpcJsDoor,
  connectDoor("Connect over gRPC", (mesh, secret) =>
    createGrpcTransport({ baseUrl: `http://${mesh.grpcAddress}`, interceptors: [withKey(secret)] }),
  ),
  connectDoor("Connect over HTTP/1.1", (mesh, secret) =>
    createConnectTransport({ baseUrl: mesh.url, httpVersion: "1.1", interceptors: [withKey(secret)] }),
  ),
  connectDoor("Connect with JSON", (mesh, secret) =>
    createConnectTransport({
      baseUrl: mesh.url,
      httpVersion: "1.1",
      useBinaryFormat: false,
      interceptors: [withKey(secret)],
    }),
  ),
  connectDoor("gRPC-Web", (mesh, secret) =>
    createGrpcWebTransport({ baseUrl: mesh.url, httpVersion: "1.1", interceptors: [withKey(secret)] }),
  ),
];
