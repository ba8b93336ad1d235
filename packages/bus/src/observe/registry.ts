import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

import { METRICS, type MetricName, type Part, type Sample } from './metric-table.ts';

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}

/** The metrics of one process: its own part's, and those of Node (memory, CPU, event loop). */
export class PartMetrics {
  readonly #registry = new Registry();
  readonly #gauges = new Map<MetricName, Gauge>();

  constructor(part: Part) {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of Object.keys(METRICS).filter(isMetricName)) {
      const { part: of, help, labels } = METRICS[name];
      if (of !== part) continue;
      const gauge = new Gauge({ name, help, labelNames: [...labels], registers: [this.#registry] });
      this.#gauges.set(name, gauge);
    }
  }

  get names(): MetricName[] {
    return [...this.#gauges.keys()];
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of one scrape. A label that no sample names any more is gone. */
  async render(samples: readonly Sample[]): Promise<string> {
    for (const gauge of this.#gauges.values()) gauge.reset();
    for (const { name, value, labels } of samples) {
      const gauge = this.#gauges.get(name);
      if (labels === undefined) gauge?.set(value);
      else gauge?.set({ ...labels }, value);
    }
    return await this.#registry.metrics();
  }
}
