import type { RunEvent } from "@agentmesh/contracts/orchestrator/v1/run";
import { StageSchema, VerdictSchema } from "@agentmesh/contracts/type/v1/types";

/** Colours, or nothing where the output is no terminal. */
export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

/** @param coloured whether escape codes are understood */
export function paint(coloured: boolean): Paint {
  const with_ = (code: number) => (text: string) => (coloured ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: with_(1), dim: with_(2), red: with_(31), green: with_(32), yellow: with_(33) };
}

/** Turns the events of a run into lines for a person, as they come. */
export class RunPrinter {
  readonly #write: (text: string) => void;
  readonly #paint: Paint;
  #inText = false;
  #written = "";

  constructor(write: (text: string) => void, paint: Paint) {
    this.#write = write;
    this.#paint = paint;
  }

  /** Shows one event. @returns false when the run has ended without an answer */
  show({ event, runId }: RunEvent): boolean {
    const { dim, red, yellow, green } = this.#paint;
    switch (event.case) {
      case "accepted":
        this.#line(dim(`run ${runId} · ${event.value.agentId} ${event.value.agentVersion}`));
        return true;
      case "started":
        if (event.value.attempt > 1) this.#line(yellow(`taken over, attempt ${event.value.attempt}`));
        return true;
      case "recalled":
        this.#line(dim(`remembers ${event.value.sessionMessages} messages of the session`));
        return true;
      case "modelCalled":
        this.#line(dim(modelText(event.value.generation)));
        return true;
      case "toolCalled":
        this.#line(toolText(event.value, this.#paint));
        return true;
      case "guardrailActed":
        this.#line(yellow(guardrailText(event.value)));
        return true;
      case "textDelta":
        this.#text(event.value.text);
        return true;
      case "snapshot":
        this.#endText();
        this.#text(event.value.text);
        return true;
      case "succeeded":
        this.#answer(event.value.output?.parts.map(({ content }) => content.value ?? "").join("") ?? "");
        this.#line(green("done") + dim(` · ${tokensText(event.value.usage)} · ${dollars(event.value.cost?.nanoUsd)}`));
        return true;
      case "failed":
        this.#line(red(`failed: ${event.value.error?.reason}: ${event.value.error?.message}`));
        return false;
      case "cancelled":
        this.#line(red(`cancelled: ${event.value.reason}`));
        return false;
      default:
        return true;
    }
  }

  #answer(answer: string): void {
    this.#endText();
    // Streamed already, when the deltas arrived.
    if (answer !== this.#written) this.#line(this.#paint.bold(answer));
  }

  #text(text: string): void {
    if (!this.#inText) this.#written = "";
    this.#inText = true;
    this.#written += text;
    this.#write(this.#paint.bold(text));
  }

  #line(text: string): void {
    this.#endText();
    this.#write(`${text}\n`);
  }

  #endText(): void {
    if (this.#inText) this.#write("\n");
    this.#inText = false;
  }
}

type EventValue<Case> = Extract<RunEvent["event"], { case: Case }>["value"];

function modelText(generation: EventValue<"modelCalled">["generation"]): string {
  const wishes = generation?.message?.toolCalls.map(({ name }) => name) ?? [];
  const wants = wishes.length === 0 ? "" : ` · wants ${wishes.join(", ")}`;
  return `model ${generation?.model} (${generation?.routeReason}) · ${tokensText(generation?.usage)}${wants}`;
}

function guardrailText({ stage, verdict }: EventValue<"guardrailActed">): string {
  const [done, where] = [VerdictSchema.value[verdict]?.localName, StageSchema.value[stage]?.localName];
  return `guardrail: ${done?.toLowerCase()} at ${where?.toLowerCase().replaceAll("_", " ")}`;
}

function toolText({ call, content, isError }: EventValue<"toolCalled">, { green, red }: Paint): string {
  const result = content.length > 200 ? `${content.slice(0, 200)}…` : content;
  return `${isError ? red("✗") : green("✓")} ${call?.name}(${call?.argumentsJson}) → ${result}`;
}

function tokensText(usage: EventValue<"succeeded">["usage"]): string {
  return `${usage?.inputTokens ?? 0n} + ${usage?.outputTokens ?? 0n} tokens`;
}

function dollars(nanoUsd = 0n): string {
  return `$${(Number(nanoUsd) / 1e9).toFixed(6)}`;
}
