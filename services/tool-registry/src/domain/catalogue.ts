import { errors } from "../errors.ts";
import { type SchemaCheck, SchemaCompiler } from "./schema.ts";
import type { Tool } from "./tool.ts";

/** What calls cost, in nano-dollars. */
export interface PriceList {
  readonly perCall: number;
  /** Tools with a price of their own. */
  readonly perTool: ReadonlyMap<string, number>;
}

/** A tool, ready to be called. */
export interface CataloguedTool {
  readonly tool: Tool;
  /** Nano-dollars of one call. */
  readonly price: number;
  readonly checkArguments: SchemaCheck;
  readonly checkSettings: SchemaCheck;
}

const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;
const noSettings = { type: "object", additionalProperties: false, properties: {} } as const;

/** All tools by name, in the order in which they were given. */
export class Catalogue {
  readonly #tools = new Map<string, CataloguedTool>();

  /** @throws Error for a name that is taken or malformed, and for a schema that is none */
  constructor(tools: readonly Tool[], prices: PriceList) {
    const compiler = new SchemaCompiler();
    for (const tool of tools) {
      if (!namePattern.test(tool.name)) throw new Error(`"${tool.name}" is no name for a tool`);
      if (this.#tools.has(tool.name)) throw new Error(`there are two tools named ${tool.name}`);
      this.#tools.set(tool.name, {
        tool,
        price: prices.perTool.get(tool.name) ?? prices.perCall,
        checkArguments: compiler.compile(tool.parameters),
        checkSettings: compiler.compile(tool.settings ?? noSettings),
      });
    }
  }

  /** @throws TOOL_NOT_FOUND */
  get(name: string): CataloguedTool {
    const tool = this.#tools.get(name);
    if (tool === undefined) throw errors.TOOL_NOT_FOUND({ metadata: { tool: name.slice(0, 64) } });
    return tool;
  }

  /** The named tools, or all. @throws TOOL_NOT_FOUND */
  list(names: readonly string[]): readonly CataloguedTool[] {
    return names.length === 0 ? [...this.#tools.values()] : names.map((name) => this.get(name));
  }
}
