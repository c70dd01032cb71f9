/** Modules and the process that runs them. */
export type { DependencyReport, DependencyState } from "./dependency-state.ts";
export {
  defineModule,
  type HttpHandler,
  type Module,
  type ModuleHost,
  type ModuleName,
  type PublicEdge,
  type RunningModule,
} from "./module.ts";
export { ModuleError } from "./module-error.ts";
export { loadProcessConfig, type ProcessConfig, settingsOf } from "./process-config.ts";
export type { ProcessAddresses, ProcessOptions, RunningProcess } from "./process-options.ts";
export { type RunOptions, runProcess, runService } from "./run-process.ts";
export { startProcess } from "./start-process.ts";
