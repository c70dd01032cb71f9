import { Code, ConnectError, createClient, type HandlerContext } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { conformanceBinding, Observations } from "../../testing/conformance-service.ts";
import { ConformanceService } from "../../testing/gen/agentmesh/conformance/v1/conformance_pb.ts";
import { createDirectTransport } from "./transport.ts";

it("a producer of requests that fails tells its own caller why, and the handler only that the call is over", async () => {
  let seen: { thrown: unknown; aborted: boolean } | undefined;
  const { service, implementation } = conformanceBinding(new Observations());
  const clientStream = async (requests: AsyncIterable<unknown>, context: HandlerContext) => {
    try {
      for await (const _ of requests);
    } catch (thrown) {
      seen = { thrown, aborted: context.signal.aborted };
      throw thrown;
    }
    return {};
  };
  const binding = { service, implementation: { ...implementation, clientStream } };
  const client = createClient(ConformanceService, createDirectTransport({ bindings: () => [binding] }));
  async function* requests() {
    yield { text: "a" };
    throw new ConnectError("the budget is spent", Code.ResourceExhausted);
  }
  await expect(client.clientStream(requests())).rejects.toMatchObject({
    code: Code.ResourceExhausted,
    rawMessage: "the budget is spent",
  });
  expect(seen).toMatchObject({ thrown: { code: Code.Canceled }, aborted: true });
});
