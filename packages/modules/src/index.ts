/** Modules and the process that runs them. */
export type { DependencyState } from "./dependency-state.ts";
export {
  type Authenticate,
  defineModule,
  type Module,
  type ModuleHost,
  type ModuleName,
  type PrincipalSigner,
  type PublicEdge,
  type RunningModule,
} from "./module.ts";
