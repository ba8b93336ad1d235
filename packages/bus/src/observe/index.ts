export { LOG_LEVELS, type LogLevel, type PartLogOptions, createPartLog } from './log.ts';
export { METRICS, type MetricName, type Part, type Sample } from './metric-table.ts';
export { PartMetrics } from './registry.ts';
export {
  type ObserveOptions,
  type ObserveServer,
  type Observed,
  type Unreadiness,
  startObserveServer,
} from './server.ts';
