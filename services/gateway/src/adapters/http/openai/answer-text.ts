import type { RunEvent } from "@agentmesh/contracts/orchestrator/v1/run";
import { textOf } from "./completion.ts";

/**
 * Turns the events of a run into the text that a chat client appends: nothing it was sent can be taken back. A step
 * that begins to write after another one starts a new paragraph; what a reader missed is filled in.
 */
export class AnswerText {
  #step = "";
  #written = "";
  #anything = false;

  /** What is to be appended for this event; empty: nothing. */
  append({ event }: RunEvent): string {
    switch (event.case) {
      case "textDelta":
        return this.#add(this.#paragraph(event.value.stepKey) + event.value.text, event.value.text);
      case "snapshot":
        return this.#catchUp(event.value.stepKey, event.value.text);
      case "succeeded":
        return this.#catchUp(this.#step, textOf(event.value.output));
      default:
        return "";
    }
  }

  #catchUp(step: string, whole: string): string {
    const paragraph = this.#paragraph(step);
    if (whole === this.#written) return "";
    if (whole.startsWith(this.#written)) {
      const rest = whole.slice(this.#written.length);
      return this.#add(paragraph + rest, rest);
    }
    this.#written = "";
    return this.#add((this.#anything ? "\n\n" : "") + whole, whole);
  }

  #paragraph(step: string): string {
    if (step === this.#step) return "";
    this.#step = step;
    const between = this.#anything ? "\n\n" : "";
    this.#written = "";
    return between;
  }

  #add(appended: string, written: string): string {
    this.#written += written;
    if (appended !== "") this.#anything = true;
    return appended;
  }
}
