/** A module could not do what its life cycle asked. The message names the module and the cause. */
export class ModuleError extends Error {
  override readonly name = "ModuleError";
  readonly module: string;

  constructor(module: string, step: string, cause: unknown) {
    super(`${module} could not ${step}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.module = module;
  }
}

/** Runs one step of a module's life; what it throws says which module and which step. */
export async function moduleStep<T>(module: string, step: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new ModuleError(module, step, error);
  }
}
