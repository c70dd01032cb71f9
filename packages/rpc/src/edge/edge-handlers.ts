import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { type InterceptorsFor, interceptorsOf, type ServiceBinding } from "../binding.ts";
import { CallValues } from "../call/call-values.ts";
import { linkSignal } from "../call/link-signal.ts";
import { type MethodPlan, planMethod } from "../call/method-plan.ts";
import { runStream, runUnary } from "../call/run-call.ts";
import { ServerCall } from "../call/server-call.ts";
import { toConnectError } from "../errors/to-connect-error.ts";

type EdgeHandler = (message: unknown, context: HandlerContext) => unknown;

/**
 * The handlers that connect-node calls: each runs the same plan as gRPC and the in-process transport do, so that
 * interceptors, deadlines and cancellation behave alike. connect-node itself gets no interceptors.
 */
export function edgeHandlers(
  binding: ServiceBinding,
  interceptors: InterceptorsFor | undefined,
): ServiceImpl<DescService> {
  const chain = interceptorsOf(binding.service, interceptors);
  const handlers = binding.service.methods.map((method) => [
    method.localName,
    edgeHandler(planMethod(method, binding, chain)),
  ]);
  return Object.fromEntries(handlers);
}

function edgeHandler(plan: MethodPlan): EdgeHandler {
  switch (plan.method.methodKind) {
    case "unary":
      return async (message, context) => {
        const call = arrive(plan, message, context);
        return answered(call, context, async () => (await runUnary(plan, call)).message);
      };
    case "client_streaming":
      return (message, context) => {
        const call = arrive(plan, message, context);
        return answered(call, context, async () => last((await runStream(plan, call)).message));
      };
    case "server_streaming":
      return (message, context) => streamed(plan, arrive(plan, once(message), context), context);
    case "bidi_streaming":
      return (message, context) => streamed(plan, arrive(plan, message, context), context);
  }
}

function arrive({ method, path }: MethodPlan, message: unknown, context: HandlerContext): ServerCall {
  const left = context.timeoutMs();
  const deadline = left === undefined ? undefined : Date.now() + left;
  const { protocolName, requestHeader: header } = context;
  const call = new ServerCall({
    method,
    path,
    protocolName,
    header,
    values: new CallValues(context.values),
    deadline,
    message,
  });
  linkSignal(call, context.signal, (reason) => (isShutdown(reason) ? call.terminate(reason) : call.abort(reason)));
  return call;
}

// The edge aborts all its calls with UNAVAILABLE when it runs out of patience; clients abort with anything else.
function isShutdown(reason: unknown): reason is ConnectError {
  return reason instanceof ConnectError && reason.code === Code.Unavailable;
}

async function answered<T>(call: ServerCall, context: HandlerContext, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw toConnectError(thrown);
  } finally {
    copyMetadata(call, context);
  }
}

async function* streamed(
  plan: MethodPlan,
  call: ServerCall,
  context: HandlerContext,
): AsyncGenerator<unknown, void, undefined> {
  try {
    const response = await runStream(plan, call);
    for await (const message of response.message) {
      copyHeaders(call.responseHeader, context.responseHeader);
      yield message;
    }
  } catch (thrown) {
    throw toConnectError(thrown);
  } finally {
    call.finish();
    copyMetadata(call, context);
  }
}

function copyMetadata(call: ServerCall, context: HandlerContext): void {
  copyHeaders(call.responseHeader, context.responseHeader);
  copyHeaders(call.responseTrailer, context.responseTrailer);
}

function copyHeaders(from: Headers, to: Headers): void {
  from.forEach((value, name) => {
    to.set(name, value);
  });
}

async function* once(message: unknown): AsyncGenerator<unknown, void, undefined> {
  yield message;
}

async function last(messages: AsyncIterable<unknown>): Promise<unknown> {
  let message: unknown;
  for await (const item of messages) message = item;
  return message;
}
