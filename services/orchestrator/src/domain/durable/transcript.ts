import { hash } from "node:crypto";
import type { Message } from "../message.ts";

/** A short hash of texts; the lengths keep ["ab", "c"] and ["a", "bc"] apart. */
export function digestOf(...texts: readonly string[]): string {
  return hash("sha256", texts.map((text) => `${text.length}:${text}`).join(""), "base64url").slice(0, 22);
}

/** The conversation of a run so far. Only grows; its digest is chained, so hashing costs what was added. */
export class Transcript {
  readonly #messages: Message[] = [];
  #digest = "";
  #digested = 0;
  readonly #callIds = new Set<string>();

  /** Everything so far, oldest first. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  add(...messages: readonly Message[]): void {
    for (const message of messages) {
      this.#messages.push(message);
      for (const { id } of message.toolCalls ?? []) this.#callIds.add(id);
    }
  }

  /** Whether a tool call of the run has this id already: models repeat ids. */
  hasCall(id: string): boolean {
    return this.#callIds.has(id);
  }

  /** Identifies the whole conversation. */
  digest(): string {
    for (; this.#digested < this.#messages.length; this.#digested += 1) {
      this.#digest = digestOf(this.#digest, JSON.stringify(this.#messages[this.#digested]));
    }
    return this.#digest;
  }
}
