/** Environment to typed, validated configuration. */
export { ConfigError, type ConfigProblem } from "./config-error.ts";
export { describeSettings, printConfig, settingsTable } from "./describe.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export { type AnySettings, type ConfigOf, defineSettings, prefixOf, type Settings } from "./group.ts";
export { choice, decimal, duration, flag, integer, list, secret, text } from "./kinds.ts";
export { type ConfigSource, type LoadedConfig, loadConfig } from "./load.ts";
export { InvalidValue, type Setting } from "./setting.ts";
