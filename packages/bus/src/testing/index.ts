export {
  type LocalBus,
  type LocalBusOptions,
  TEST_STREAM_LIMITS,
  type TestAgency,
  startLocalBus,
} from './local-bus.ts';
export { type ShapedLine, type ShapedLineOptions, startShapedLine } from './shaped-line.ts';
export { waitUntil } from './wait-until.ts';
