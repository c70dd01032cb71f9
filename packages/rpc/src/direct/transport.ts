import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest, Transport, UnaryRequest } from "@connectrpc/connect";
import { type InterceptorsFor, interceptorsOf, type ServiceBinding } from "../binding.ts";
import { CallValues, deadlineKey, principalKey, spanKey } from "../call/call-values.ts";
import { ClientCall, callerOf, connectTransport, isCancellable, signalOf } from "../call/client-request.ts";
import { linkSignal } from "../call/link-signal.ts";
import { type CallFunction, chainOf, type MethodPlan, planMethod, unimplemented } from "../call/method-plan.ts";
import { runStream, runUnary } from "../call/run-call.ts";
import { ServerCall } from "../call/server-call.ts";
import { requestStream } from "./request-stream.ts";
import { verifying } from "./verify.ts";

/** Options of the in-process transport. */
export interface DirectTransportOptions {
  /** What is served. Asked again for every method not seen before, so services may start one after the other. */
  readonly bindings: () => readonly ServiceBinding[];
  readonly clientInterceptors?: readonly Interceptor[];
  readonly serverInterceptors?: InterceptorsFor;
  /**
   * For tests: sends every message through its binary form and freezes it, so that whatever would fail on the wire
   * fails here too, and a message changed after it was sent is found.
   */
  readonly verify?: boolean;
}

/**
 * Calls services of the same process. Messages are passed by reference and must not be changed after they were sent.
 * Everything else is as on the wire: both chains of interceptors, deadlines, cancellation, metadata, all four kinds.
 */
export function createDirectTransport(options: DirectTransportOptions): Transport {
  const calls = new Map<DescMethod, CallFunction>();
  const callOf = (method: DescMethod): CallFunction => {
    const known = calls.get(method);
    if (known !== undefined) return known;
    const plan = findPlan(method, options);
    const answer = method.methodKind === "unary" ? unaryCall(plan) : streamCall(plan);
    const call = chainOf(options.verify === true ? verifying(answer) : answer, options.clientInterceptors ?? []);
    calls.set(method, call);
    return call;
  };
  return connectTransport((outgoing) => callOf(outgoing.method));
}

function findPlan(method: DescMethod, options: DirectTransportOptions): MethodPlan {
  const binding = options.bindings().find(({ service }) => service.typeName === method.parent.typeName);
  if (binding === undefined) throw unimplemented(method.parent, method);
  return planMethod(method, binding, interceptorsOf(binding.service, options.serverInterceptors));
}

function arrive(plan: MethodPlan, request: UnaryRequest | StreamRequest, message: unknown): ServerCall {
  const { contextValues, header } = request;
  const values = new CallValues(undefined, contextValues.get(principalKey), contextValues.get(spanKey));
  const { method, path } = plan;
  return new ServerCall({
    method,
    path,
    protocolName: "direct",
    header,
    values,
    deadline: contextValues.get(deadlineKey),
    caller: callerOf(contextValues),
    message,
  });
}

function link(call: ServerCall, request: UnaryRequest | StreamRequest): void {
  // The caller ends its calls itself; only the signal of a copied request may be another one.
  if (request instanceof ClientCall && request.contextValues.caller !== undefined) return;
  const signal = signalOf(request);
  if (isCancellable(signal)) linkSignal(call, signal);
}

function unaryCall(plan: MethodPlan): CallFunction {
  return (request) => {
    const call = arrive(plan, request, request.message);
    link(call, request);
    return runUnary(plan, call);
  };
}

function streamCall(plan: MethodPlan): CallFunction {
  return (request) => {
    const requests = requestStream(request.message as AsyncIterable<unknown>, () => call);
    const call = arrive(plan, request, requests.messages);
    link(call, request);
    const unlink = call.onEnd;
    call.onEnd = () => {
      unlink?.();
      requests.release();
    };
    return runStream(plan, call);
  };
}
