import type { BreakdownKey, FiguresScope } from '../figures/types.ts';
import { notFound } from './problem.ts';
import type { Viewer } from './session.ts';

/** Who stands below whom today. */
export interface Hierarchy {
  /** Whether `code` is `ancestor` or stands somewhere below it; false for a code that nobody has. */
  isUnder(code: string, ancestor: string): boolean;
}

/**
 * Narrows a request to what its viewer may see.
 *
 * An `agency` viewer's request is about itself alone. One with a scope is bound to it by the directory
 * of today. What is counted is bound a second time, by `under`, which the figures read by the structure
 * asked for: that of the day of the fact, or today's. What an agency stated is not: whoever it stands
 * below today answers for its records, also for those from before it moved.
 *
 * @throws {@link Problem} `not-found` for anything outside, whether it exists or not.
 */
export function limitToScope<T extends FiguresScope>(
  viewer: Viewer,
  request: T,
  hierarchy: Hierarchy,
): T {
  const { role, scope } = viewer;
  if (role === 'agency') return limitToItself(scope, request);
  if (scope === null) return request;
  for (const asked of [request.agency, request.under]) {
    if (asked !== undefined && !hierarchy.isUnder(asked, scope)) throw notFound();
  }
  return { ...request, under: request.under ?? scope };
}

function limitToItself<T extends FiguresScope>(scope: Viewer['scope'], request: T): T {
  if (scope === null) throw notFound();
  for (const asked of [request.agency, request.under]) {
    if (asked !== undefined && asked !== scope) throw notFound();
  }
  const own = { ...request, agency: scope };
  // Every request can do without it: the agency says it all.
  Reflect.deleteProperty(own, 'under');
  return own;
}

/** Groups of agencies would show an agency its neighbours: it gets the row of itself. */
export function limitGrouping(viewer: Viewer, by: BreakdownKey): BreakdownKey {
  return viewer.role === 'agency' && by === 'parent' ? 'agency' : by;
}

/** Whether a viewer may see what concerns one agency by today's directory (`null`: the relay itself). */
export function maySeeAgency(viewer: Viewer, agency: string | null, hierarchy: Hierarchy): boolean {
  const { role, scope } = viewer;
  if (agency === null) return role === 'operator' || (role === 'auditor' && scope === null);
  if (scope === null) return role !== 'agency';
  return role === 'agency' ? agency === scope : hierarchy.isUnder(agency, scope);
}
