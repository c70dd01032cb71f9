import type { MemoryPort, RecalledText } from "../memory-port.ts";
import type { JsonObject, Tool } from "../tool.ts";

const collectionSchema = {
  type: "string",
  pattern: "^[a-zA-Z0-9._-]{1,64}$",
  description: "Which memory of the user; default when left out",
} as const;

const usualLimit = 5;
/** Characters of one answer: well below what a result may have. */
const longestAnswer = 100_000;

/** Finds what was remembered. */
export function recallTool(memory: MemoryPort): Tool {
  return {
    name: "recall",
    description:
      "Searches the user's memory (notes, facts, documents remembered earlier) for passages about a topic. " +
      "Use it before answering questions that such notes may answer. Returns the best passages with a score.",
    parameters: {
      type: "object",
      properties: {
        query: { type: "string", minLength: 1, maxLength: 4_000, description: "What to look for, in plain words" },
        limit: { type: "integer", minimum: 1, maximum: 20, description: "Most passages to return, 5 when left out" },
      },
      required: ["query"],
      additionalProperties: false,
    },
    settings: {
      type: "object",
      properties: {
        collection: collectionSchema,
        limit: { type: "integer", minimum: 1, maximum: 20, description: "Passages when the model does not say" },
        min_score: { type: "number", minimum: -1, maximum: 1, description: "Passages with a lower score are left out" },
      },
      additionalProperties: false,
    },
    idempotent: true,
    requiredScope: "memory:read",
    timeoutMs: 10_000,
    async execute({ arguments: given, settings, scope }) {
      const limit = Number(given.limit ?? settings.limit ?? usualLimit);
      const minScore = settings.min_score === undefined ? undefined : Number(settings.min_score);
      const query = { collection: collectionOf(settings), query: String(given.query), limit, minScore };
      return passages(await memory.recall(query, scope));
    },
  };
}

/** Remembers a text. A repeat of the same step replaces what it stored, so nothing is stored twice. */
export function rememberTool(memory: MemoryPort): Tool {
  return {
    name: "remember",
    description:
      "Stores a fact or note in the user's memory, so that it can be recalled in later conversations. " +
      "Use it when the user asks to remember something, or states a lasting preference. One fact per call.",
    parameters: {
      type: "object",
      properties: {
        text: { type: "string", minLength: 1, maxLength: 8_000, description: "The fact, understandable by itself" },
      },
      required: ["text"],
      additionalProperties: false,
    },
    settings: { type: "object", properties: { collection: collectionSchema }, additionalProperties: false },
    idempotent: true,
    requiredScope: "memory:write",
    timeoutMs: 10_000,
    async execute({ arguments: given, settings, stepId, scope }) {
      await memory.remember({ id: stepId, collection: collectionOf(settings), text: String(given.text) }, scope);
      return "Remembered.";
    },
  };
}

function collectionOf({ collection }: JsonObject): string {
  return typeof collection === "string" ? collection : "";
}

function passages(found: readonly RecalledText[]): string {
  if (found.length === 0) return "Nothing was found.";
  let answer = "";
  for (const [index, { text, title, score }] of found.entries()) {
    const source = title === "" ? "" : `, from ${title}`;
    const passage = `[${index + 1}] score ${score.toFixed(2)}${source}\n${text}\n\n`;
    if (answer.length + passage.length > longestAnswer && index > 0) {
      return `${answer}(${found.length - index} more passages left out because they are too long.)`;
    }
    answer += passage;
  }
  return answer.trimEnd();
}
