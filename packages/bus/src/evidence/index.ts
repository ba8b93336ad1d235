export { trustObjects } from './trust-objects.ts';
