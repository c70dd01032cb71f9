/** The same declarations as text: `--help`, `--print-config`, and the tables of the README pages. */
import type { AnySettings } from "./group.ts";
import type { Setting } from "./setting.ts";

/** The `--help` text: each variable with its type, bounds, default and sentence. */
export function describeSettings(groups: readonly AnySettings[]): string {
  return groups.map(describeGroup).filter(Boolean).join("\n\n");
}

function describeGroup(group: AnySettings): string {
  const settings = Object.values<Setting>(group.fields);
  if (settings.length === 0) return "";
  const entries = settings.map((setting) => {
    const facts = [setting.type, setting.bounds, defaultText(setting)].filter((fact) => fact !== "");
    const file = setting.secret ? ` Or name a file in ${setting.env}_FILE.` : "";
    return `  ${setting.env}  (${facts.join(", ")})\n      ${setting.help}${file}`;
  });
  return `${group.name}:\n${entries.join("\n")}`;
}

function defaultText(setting: Setting): string {
  if (setting.required) return "required";
  return setting.fallbackText === "" ? "" : `default ${setting.fallbackText}`;
}

/** The configuration as loaded, one `NAME=value` per line, secrets masked, settings without a value left as comments. */
export function printConfig(
  groups: readonly AnySettings[],
  loaded: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): string {
  const lines = groups.flatMap((group) => {
    const fields = Object.entries<Setting>(group.fields);
    return fields.map(([key, setting]) => printSetting(setting, loaded[group.name]?.[key]));
  });
  return lines.join("\n");
}

function printSetting(setting: Setting, value: unknown): string {
  if (value === undefined) return `# ${setting.env} is not set`;
  return `${setting.env}=${setting.secret ? "***" : setting.format(value)}`;
}

/** The Markdown table of a README page. */
export function settingsTable(groups: readonly AnySettings[]): string {
  const rows = groups.flatMap((group) => Object.values<Setting>(group.fields).map(tableRow));
  return ["| variable | type | default | what it does |", "|---|---|---|---|", ...rows].join("\n");
}

function tableRow(setting: Setting): string {
  const type = setting.bounds === "" ? setting.type : `${setting.type}, ${setting.bounds}`;
  const fallback = setting.required ? "required" : setting.fallbackText === "" ? "" : `\`${setting.fallbackText}\``;
  const file = setting.secret ? ` Or name a file in \`${setting.env}_FILE\`.` : "";
  const cells = [`\`${setting.env}\``, type, fallback, `${setting.help}${file}`];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
