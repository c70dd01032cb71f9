/** An OpenAI-shaped server with scripted, deterministic answers and settable faults. */
export { FAULT_NAMES, type FaultName, type Faults } from "./faults.ts";
export { MODEL_IDS } from "./models.ts";
export type { RequestRecord } from "./serving/request-log.ts";
export { createSimulator, type Simulator, type SimulatorOptions } from "./simulator.ts";
