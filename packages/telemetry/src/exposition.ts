import type { Registry } from "prom-client";
import type { Exemplar, MetricFamily, Series } from "./metric-family.ts";
import type { MetricRegistry } from "./metrics.ts";

/** The two text formats a scraper may ask for. */
export type ExpositionFormat = "openmetrics" | "prometheus";

/** Content types of the formats. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

interface Sample {
  readonly name: string;
  readonly labels: string;
  readonly value: number;
  readonly exemplar?: Exemplar | undefined;
}

interface Block {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/**
 * Writes all metrics. Only OpenMetrics knows exemplars, and there a counter's family is named without `_total`;
 * prom-client's own writer renames its metrics for good when asked for OpenMetrics once, hence this one.
 */
export async function writeExposition(
  source: { registry: MetricRegistry; process: Registry; service: string },
  format: ExpositionFormat,
): Promise<string> {
  const blocks = [...source.registry.families.values()].map(blockOf);
  blocks.push(...(await processBlocks(source.process, source.service)));
  const lines = blocks.flatMap((block) => linesOf(block, format));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function linesOf(block: Block, format: ExpositionFormat): string[] {
  const open = format === "openmetrics";
  const name = open && block.type === "counter" ? block.name.replace(/_total$/, "") : block.name;
  const lines = [`# HELP ${name} ${escapeHelp(block.help)}`, `# TYPE ${name} ${block.type}`];
  for (const sample of block.samples) {
    const line = `${sample.name}${sample.labels} ${numberText(sample.value)}`;
    lines.push(open && sample.exemplar ? `${line} ${exemplarText(sample.exemplar)}` : line);
  }
  return lines;
}

function blockOf(family: MetricFamily): Block {
  const { name, help, type } = family.definition;
  const samples = family.series.flatMap((series) =>
    type === "histogram" ? histogramSamples(family, series) : [plainSample(family, series)],
  );
  return { name, help, type, samples };
}

function plainSample(family: MetricFamily, series: Series): Sample {
  return {
    name: family.definition.name,
    labels: `{${pairs(family, series)}}`,
    value: series.value,
    exemplar: series.exemplars[0],
  };
}

function histogramSamples(family: MetricFamily, series: Series): Sample[] {
  const { name, buckets = [] } = family.definition;
  const shared = pairs(family, series);
  let below = 0;
  const samples: Sample[] = [...buckets, Number.POSITIVE_INFINITY].map((bound, slot) => {
    below += series.bucketCounts[slot] ?? 0;
    return {
      name: `${name}_bucket`,
      labels: `{${shared},le="${numberText(bound)}"}`,
      value: below,
      exemplar: series.exemplars[slot],
    };
  });
  samples.push({ name: `${name}_sum`, labels: `{${shared}}`, value: series.value });
  samples.push({ name: `${name}_count`, labels: `{${shared}}`, value: series.count });
  return samples;
}

function pairs(family: MetricFamily, series: Series): string {
  return ["service", ...family.definition.labels]
    .map((label, i) => `${label}="${escapeLabel(series.labelValues[i] ?? "")}"`)
    .join(",");
}

async function processBlocks(registry: Registry, service: string): Promise<Block[]> {
  const metrics = await registry.getMetricsAsJSON();
  return metrics.map((metric) => ({
    name: metric.name,
    help: metric.help,
    type: String(metric.type),
    samples: metric.values.map((value) => ({
      name: (value as { metricName?: string }).metricName ?? metric.name,
      labels: `{${labelText({ service, ...value.labels })}}`,
      value: value.value,
    })),
  }));
}

function labelText(labels: Readonly<Record<string, string | number | undefined>>): string {
  return Object.entries(labels)
    .map(
      ([name, value]) =>
        `${name}="${escapeLabel(typeof value === "number" ? numberText(value) : String(value ?? ""))}"`,
    )
    .join(",");
}

function exemplarText(exemplar: Exemplar): string {
  return `# {trace_id="${exemplar.traceId}"} ${numberText(exemplar.value)} ${(exemplar.at / 1000).toFixed(3)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
