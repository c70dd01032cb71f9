import type { FieldProblems } from "./field-problems.ts";
import type { ChatMessage } from "./prompt.ts";

/** Calls of an assistant message that are not answered yet, with the path of each. */
type OpenCalls = Map<string, string>;

/**
 * Checks the order that providers insist on: every tool call of an assistant message has a unique id and is answered
 * by exactly one TOOL message, before anybody else speaks.
 */
export function checkConversation(messages: readonly ChatMessage[], problems: FieldProblems): void {
  let open: OpenCalls = new Map();
  messages.forEach((message, index) => {
    const path = `prompt.messages[${index}]`;
    if (message.role === "tool") {
      answerCall(message, { path, open, problems });
      return;
    }
    reportUnanswered(open, problems);
    open = message.role === "assistant" ? openCalls(message, path, problems) : new Map();
  });
  reportUnanswered(open, problems);
}

function answerCall(
  { toolCallId }: ChatMessage,
  { path, open, problems }: { path: string; open: OpenCalls; problems: FieldProblems },
): void {
  if (toolCallId === "") problems.add(`${path}.tool_call_id`, "must name the tool call that is answered");
  else if (!open.delete(toolCallId)) {
    problems.add(`${path}.tool_call_id`, "must name an unanswered tool call of the ASSISTANT message before it");
  }
}

function openCalls(message: ChatMessage, path: string, problems: FieldProblems): OpenCalls {
  const open: OpenCalls = new Map();
  message.toolCalls.forEach(({ id, name }, index) => {
    const callPath = `${path}.tool_calls[${index}]`;
    problems.check(id !== "", `${callPath}.id`, "must not be empty");
    problems.check(name !== "", `${callPath}.name`, "must not be empty");
    problems.check(!open.has(id), `${callPath}.id`, "must be unique within the message");
    open.set(id, callPath);
  });
  return open;
}

function reportUnanswered(open: OpenCalls, problems: FieldProblems): void {
  for (const path of open.values()) problems.add(path, "must be answered by a TOOL message right after it");
}
