import type { DomainError } from "@agentmesh/rpc/domain-error";
import { Ajv, type ErrorObject } from "ajv";
import { errors } from "../../errors.ts";
import { type BundleFile, bundleSchema } from "./bundle-schema.ts";

/** One thing that is wrong with an agent's file. */
export interface BundleProblem {
  readonly file: string;
  /** Where in the file: "limits.iterations", "tools[1].name"; empty: the file as a whole. */
  readonly path: string;
  /** What is wrong, with the bound. */
  readonly message: string;
}

/** All that is wrong with the agents' files, as the one error with which the start ends. */
export function agentsInvalid(problems: readonly BundleProblem[]): DomainError {
  return errors.AGENTS_INVALID({
    message: `The agents cannot be used:\n${problems.map(lineOf).join("\n")}`,
    fields: problems.map(({ file, path, message }) => ({ field: `${file}: ${path}`, description: message })),
  });
}

function lineOf({ file, path, message }: BundleProblem): string {
  return path === "" ? `  ${file}: ${message}` : `  ${file}: ${path} ${message}`;
}

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true });
const validate = ajv.compile<BundleFile>(bundleSchema);

/** Checks the shape of a file's content and fills in defaults, in place. @returns what is wrong, by path */
export function shapeProblems(content: unknown): readonly Omit<BundleProblem, "file">[] {
  if (validate(content)) return [];
  return (validate.errors ?? []).map((error) => ({ path: pathOf(error), message: messageOf(error) }));
}

function pathOf(error: ErrorObject): string {
  const parts = error.instancePath.split("/").slice(1);
  if (error.keyword === "required") parts.push(String(error.params.missingProperty));
  if (error.keyword === "additionalProperties") parts.push(String(error.params.additionalProperty));
  return parts.reduce((path, part) => {
    if (/^\d+$/.test(part)) return `${path}[${part}]`;
    return path === "" ? part : `${path}.${part}`;
  }, "");
}

function messageOf({ keyword, params, message }: ErrorObject): string {
  if (keyword === "required") return "is missing";
  if (keyword === "additionalProperties") return "is not a setting of an agent";
  if (keyword === "enum") return `must be one of ${(params.allowedValues as string[]).join(", ")}`;
  if (keyword === "pattern" && String(params.pattern).includes("(ms|s|m|h|d)")) {
    return 'must be a length of time such as "30s", "5m" or "1h"';
  }
  return message ?? "is not valid";
}
