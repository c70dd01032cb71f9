import {
  ContentPartSchema,
  type Message as ContractMessage,
  Provenance as ContractProvenance,
  Role as ContractRole,
  type Usage as ContractUsage,
  MessageSchema,
  type Money,
  MoneySchema,
  ToolCallSchema,
  UsageSchema,
} from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";
import type { Message, Part, Provenance, Role, Usage } from "../../domain/message.ts";

const roles: Readonly<Record<Role, ContractRole>> = {
  system: ContractRole.SYSTEM,
  user: ContractRole.USER,
  assistant: ContractRole.ASSISTANT,
  tool: ContractRole.TOOL,
};
const provenances: Readonly<Record<Provenance, ContractProvenance>> = {
  operator: ContractProvenance.OPERATOR,
  user: ContractProvenance.USER,
  model: ContractProvenance.MODEL,
  untrusted: ContractProvenance.UNTRUSTED,
};
const roleNames = new Map<number, Role>(Object.entries(roles).map(([name, role]) => [role, name as Role]));
const provenanceNames = new Map<number, Provenance>(
  Object.entries(provenances).map(([name, provenance]) => [provenance, name as Provenance]),
);

// A conversation is sent again with every turn; its messages never change, so each is converted once.
const converted = new WeakMap<Message, ContractMessage>();

/** The contract's form of a message. Both are immutable. */
export function contractMessage(message: Message): ContractMessage {
  const known = converted.get(message);
  if (known !== undefined) return known;
  const made = create(MessageSchema, {
    role: roles[message.role],
    parts: message.parts.map(contractPart),
    toolCalls: (message.toolCalls ?? []).map((call) => create(ToolCallSchema, call)),
    toolCallId: message.toolCallId ?? "",
  });
  converted.set(message, made);
  return made;
}

function contractPart({ text, provenance }: Part) {
  return create(ContentPartSchema, { content: { case: "text", value: text }, provenance: provenances[provenance] });
}

/** A message of the contract as the domain sees it. A role or provenance that is not set counts as untrusted user text. */
export function domainMessage(message: ContractMessage): Message {
  return {
    role: roleNames.get(message.role) ?? "user",
    parts: message.parts.map(domainPart),
    ...(message.toolCalls.length === 0
      ? {}
      : { toolCalls: message.toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, argumentsJson })) }),
    ...(message.toolCallId === "" ? {} : { toolCallId: message.toolCallId }),
  };
}

function domainPart({ content, provenance }: ContractMessage["parts"][number]): Part {
  return { text: content.value ?? "", provenance: provenanceNames.get(provenance) ?? "untrusted" };
}

/** Tokens in the contract's form. */
export function contractUsage(usage: Usage): ContractUsage {
  return create(UsageSchema, {
    inputTokens: BigInt(usage.inputTokens),
    outputTokens: BigInt(usage.outputTokens),
    cachedInputTokens: BigInt(usage.cachedInputTokens),
    reasoningTokens: BigInt(usage.reasoningTokens),
    estimated: usage.estimated,
  });
}

/** Tokens as the domain counts them. */
export function domainUsage(usage: ContractUsage | undefined): Usage {
  return {
    inputTokens: Number(usage?.inputTokens ?? 0n),
    outputTokens: Number(usage?.outputTokens ?? 0n),
    cachedInputTokens: Number(usage?.cachedInputTokens ?? 0n),
    reasoningTokens: Number(usage?.reasoningTokens ?? 0n),
    estimated: usage?.estimated ?? true,
  };
}

/** An amount in the contract's form. */
export function contractMoney(nanoUsd: number): Money {
  return create(MoneySchema, { nanoUsd: BigInt(nanoUsd) });
}

/** An amount as the domain counts it: below 2^53. */
export function domainMoney(money: Money | undefined): number {
  return Number(money?.nanoUsd ?? 0n);
}
