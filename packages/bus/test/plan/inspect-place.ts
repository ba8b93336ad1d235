import type { HealthFinding } from '../../src/plan/health.ts';
import { inspectPlan } from '../../src/plan/inspect.ts';
import type { TestPlan } from '../../src/testing/start-plan.ts';

/** All that a thorough look finds at one place. */
export async function inspectPlace(bus: TestPlan, place: string): Promise<HealthFinding[]> {
  const found = await inspectPlan({
    plan: bus.plan,
    operators: new Map(bus.plan.places.map(({ id }) => [id, bus.operator(id)])),
    places: [place],
    now: () => new Date(),
    thorough: true,
  });
  return found.flatMap(({ findings }) => findings);
}
