export { Chance } from './chance.ts';
export {
  type LocalBus,
  type LocalBusOptions,
  TEST_STREAM_LIMITS,
  type TestAgency,
  startLocalBus,
} from './local-bus.ts';
export { type ShapedLine, type ShapedLineOptions, startShapedLine } from './shaped-line.ts';
export type { PlanServerHandle } from './plan-server.ts';
export { type PlanOptions, type TestPlan, startPlan } from './start-plan.ts';
export { waitUntil } from './wait-until.ts';
export { type TrafficAgency, entryOf, makeCountry } from './traffic/country.ts';
export {
  type ReportOptions,
  type TrafficReport,
  imitateRecord,
  makeReports,
} from './traffic/reports.ts';
export type { TrafficEvent, TrafficOptions } from './traffic/traffic.ts';
