/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** The variable. */
  readonly env: string;
  /** What is wrong and what to do; completes the sentence that starts with the variable. Never holds a secret. */
  readonly message: string;
}

/** The configuration cannot be used. Lists every problem. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ env, message }) => `  ${env} ${message}`);
    super(`The configuration has ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${lines.join("\n")}`);
    this.problems = problems;
  }
}
