/** Messages of the contract to types of the domain and back. */
import {
  type Message as ProtoMessage,
  Provenance as ProtoProvenance,
  Role as ProtoRole,
} from "@agentmesh/contracts/type/v1/types";
import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { MemoryRecord } from "./domain/memory-store.ts";
import type { Message, Provenance, Role } from "./domain/message.ts";
import type { Session, SessionMessage } from "./domain/session-store.ts";
import { errors } from "./errors.ts";

const roles: ReadonlyMap<ProtoRole, Role> = new Map([
  [ProtoRole.SYSTEM, "system"],
  [ProtoRole.USER, "user"],
  [ProtoRole.ASSISTANT, "assistant"],
  [ProtoRole.TOOL, "tool"],
]);

const protoRoles: Readonly<Record<Role, ProtoRole>> = {
  system: ProtoRole.SYSTEM,
  user: ProtoRole.USER,
  assistant: ProtoRole.ASSISTANT,
  tool: ProtoRole.TOOL,
};

const protoProvenances: Readonly<Record<Provenance, ProtoProvenance>> = {
  unknown: ProtoProvenance.UNSPECIFIED,
  operator: ProtoProvenance.OPERATOR,
  user: ProtoProvenance.USER,
  model: ProtoProvenance.MODEL,
  untrusted: ProtoProvenance.UNTRUSTED,
};

const provenances = new Map(
  Object.entries(protoProvenances).map(([name, proto]) => [proto, name as Provenance] as const),
);

/** @throws INVALID_MESSAGE naming the field */
export function messageOf(message: ProtoMessage, field: string): Message {
  const role = roles.get(message.role);
  if (role === undefined) throw invalid(`${field}.role`, "must be set");
  return {
    role,
    parts: message.parts.map(({ content, provenance }, index) => {
      if (content.case !== "text") throw invalid(`${field}.parts[${index}].content`, "must be set");
      return { text: content.value, provenance: provenances.get(provenance) ?? "unknown" };
    }),
    toolCalls: message.toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, argumentsJson })),
    toolCallId: message.toolCallId,
  };
}

/** A message for an answer. */
export function messageInit({ role, parts, toolCalls, toolCallId }: Message) {
  return {
    role: protoRoles[role],
    parts: parts.map(({ text, provenance }) => ({
      content: { case: "text" as const, value: text },
      provenance: protoProvenances[provenance],
    })),
    toolCalls: toolCalls.map(({ id, name, argumentsJson }) => ({ id, name, argumentsJson })),
    toolCallId,
  };
}

/** A session for an answer. */
export function sessionInit({ id, version, messageCount, created, updated, expires }: Session) {
  return {
    id,
    version: BigInt(version),
    messageCount,
    created: timestampFromMs(created),
    updated: timestampFromMs(updated),
    expires: timestampFromMs(expires),
  };
}

/** A stored message for an answer. */
export function sessionMessageInit({ position, message, turnId, created }: SessionMessage) {
  return { position: BigInt(position), message: messageInit(message), turnId, created: timestampFromMs(created) };
}

/** A memory for an answer. */
export function recordInit({ id, text, metadata, created }: MemoryRecord) {
  return { id, text, metadata: metadata as JsonObject, created: timestampFromMs(created) };
}

function invalid(field: string, description: string) {
  return errors.INVALID_MESSAGE({ message: `${field} ${description}.`, fields: [{ field, description }] });
}
