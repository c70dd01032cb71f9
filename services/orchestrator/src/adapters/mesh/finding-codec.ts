import {
  type Finding as ContractFinding,
  Stage as ContractStage,
  Verdict as ContractVerdict,
  FindingSchema,
} from "@agentmesh/contracts/type/v1/types";
import { create } from "@bufbuild/protobuf";
import type { Finding, Stage, Verdict } from "../../domain/events.ts";

/** Boundaries in the contract's form. */
export const contractStages: Readonly<Record<Stage, ContractStage>> = {
  input: ContractStage.INPUT,
  tool_arguments: ContractStage.TOOL_ARGUMENTS,
  tool_result: ContractStage.TOOL_RESULT,
  retrieved: ContractStage.RETRIEVED,
  output: ContractStage.OUTPUT,
};

/** Verdicts in the contract's form. */
export const contractVerdicts: Readonly<Record<Verdict, ContractVerdict>> = {
  allow: ContractVerdict.ALLOW,
  flag: ContractVerdict.FLAG,
  redact: ContractVerdict.REDACT,
  block: ContractVerdict.BLOCK,
};

const verdictNames = new Map<number, Verdict>(
  Object.entries(contractVerdicts).map(([name, verdict]) => [verdict, name as Verdict]),
);

/** A verdict as the domain knows it. One that nobody knows blocks. */
export function domainVerdict(verdict: number): Verdict {
  return verdictNames.get(verdict) ?? "block";
}

/** A finding as the domain knows it. */
export function domainFinding(finding: ContractFinding): Finding {
  const { detector, category, start, end, score, explanation } = finding;
  return { detector, category, start, end, score, action: domainVerdict(finding.action), explanation };
}

/** A finding in the contract's form. */
export function contractFinding(finding: Finding): ContractFinding {
  return create(FindingSchema, { ...finding, action: contractVerdicts[finding.action] });
}
