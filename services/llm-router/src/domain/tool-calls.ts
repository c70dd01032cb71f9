import type { ToolCallDelta } from "./generation.ts";
import type { RawToolDelta } from "./ports.ts";
import type { ToolCall } from "./prompt.ts";

interface Pending {
  /** What the provider called it: index and id, to recognise its further pieces. */
  readonly rawIndex: number | undefined;
  readonly rawId: string;
  readonly index: number;
  readonly id: string;
  name: string;
  argumentsJson: string;
  announced: boolean;
}

/**
 * Puts the tool calls of one answer together. Providers number them badly: ids are missing or repeated, all calls
 * carry index 0, arguments of a call without any are empty. Outside, indexes count from 0, ids are unique, and
 * arguments are at least "{}".
 */
export class ToolCalls {
  private readonly calls: Pending[] = [];
  private readonly ids = new Set<string>();

  /** Takes a piece. Returns what can be said of it now: nothing before the name is known. */
  add(raw: RawToolDelta): ToolCallDelta | undefined {
    const call = this.find(raw) ?? this.open(raw);
    if (!call.announced) call.name += raw.name;
    call.argumentsJson += raw.argumentsDelta;
    if (call.name === "") return undefined;
    if (call.announced)
      return raw.argumentsDelta === ""
        ? undefined
        : { ...CONTINUED, index: call.index, argumentsDelta: raw.argumentsDelta };
    call.announced = true;
    return { index: call.index, id: call.id, name: call.name, argumentsDelta: call.argumentsJson };
  }

  /** All calls, in order; undefined when one has no name. Emits "{}" for those whose arguments stayed empty. */
  finish(emit: (delta: ToolCallDelta) => void): readonly ToolCall[] | undefined {
    if (this.calls.some(({ announced }) => !announced)) return undefined;
    return this.calls.map((call) => {
      if (call.argumentsJson.trim() === "") {
        emit({ ...CONTINUED, index: call.index, argumentsDelta: "{}" });
        call.argumentsJson += "{}";
      }
      return { id: call.id, name: call.name, argumentsJson: call.argumentsJson };
    });
  }

  // A piece continues the last call of its index (without an index: the last call of all), unless it brings a new id.
  private find({ index, id }: RawToolDelta): Pending | undefined {
    const known = this.calls.findLast((call) => index === undefined || call.rawIndex === index);
    if (known === undefined || id === "" || id === known.rawId) return known;
    return this.calls.findLast((call) => call.rawId === id && call.rawIndex === index);
  }

  private open(raw: RawToolDelta): Pending {
    const index = this.calls.length;
    const call: Pending = {
      rawIndex: raw.index,
      rawId: raw.id,
      index,
      id: this.uniqueId(raw.id === "" ? `call_${index}` : raw.id),
      name: "",
      argumentsJson: "",
      announced: false,
    };
    this.calls.push(call);
    return call;
  }

  private uniqueId(wanted: string): string {
    let id = wanted;
    for (let number = 2; this.ids.has(id); number++) id = `${wanted}_${number}`;
    this.ids.add(id);
    return id;
  }
}

const CONTINUED = { id: "", name: "" } as const;
