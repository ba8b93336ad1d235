export {
  type LocalBus,
  type LocalBusOptions,
  TEST_STREAM_LIMITS,
  type TestAgency,
  startLocalBus,
} from './local-bus.ts';
export { waitUntil } from './wait-until.ts';
