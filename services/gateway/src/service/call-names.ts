import type { Message } from "@agentmesh/contracts/type/v1/types";
import { errors } from "../errors.ts";

// Empty ones are left to the router, which says what is missing.
const NAME = /^[a-zA-Z0-9_-]{0,64}$/;
const ID = /^[\x21-\x7e]{0,128}$/;

/**
 * Checks names and ids of the tool calls in a conversation. The model reads them, the guardrail does not: so they must
 * not be able to hold a text.
 * @throws INVALID_REQUEST naming the field
 */
export function checkCallNames(messages: readonly Message[]): void {
  for (const [index, { toolCalls, toolCallId }] of messages.entries()) {
    const path = `prompt.messages[${index}]`;
    if (!ID.test(toolCallId)) throw unfit(`${path}.tool_call_id`, ID_RULE);
    for (const [position, { id, name }] of toolCalls.entries()) {
      const call = `${path}.tool_calls[${position}]`;
      if (!ID.test(id)) throw unfit(`${call}.id`, ID_RULE);
      if (!NAME.test(name)) throw unfit(`${call}.name`, "must be 1-64 characters of [a-zA-Z0-9_-]");
    }
  }
}

const ID_RULE = "must be at most 128 printable ASCII characters without spaces";

function unfit(field: string, description: string) {
  return errors.INVALID_REQUEST({ message: `${field} ${description}`, fields: [{ field, description }] });
}
