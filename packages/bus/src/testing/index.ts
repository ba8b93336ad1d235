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
