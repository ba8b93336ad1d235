import { LineCounter, parseDocument } from 'yaml';

import { BusError } from '../errors.ts';
import { type BusPlan, checkPlan, toPlan } from './bus-plan.ts';
import { descriptionSchema } from './schema.ts';

/** A description is written by people; more than this is a mistake. */
const MAX_DESCRIPTION_BYTES = 1024 * 1024;

/**
 * Reads the description of a bus.
 *
 * @throws {@link BusError} `BUS_PLAN_INVALID`, which names line and field of the first fault.
 */
export function readDescription(text: string, where: string): BusPlan {
  if (Buffer.byteLength(text) > MAX_DESCRIPTION_BYTES) {
    throw invalid(where, 1, `is over ${MAX_DESCRIPTION_BYTES} bytes`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    throw invalid(where, lines.linePos(fault.pos[0]).line, fault.message.split('\n')[0] ?? '');
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node: unknown = document.getIn(path.slice(0, depth), true);
      const start = rangeStart(node);
      if (start !== undefined) return lines.linePos(start).line;
    }
    return 1;
  };
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  const result = descriptionSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const path = issue?.path ?? [];
    throw invalid(where, lineOf(path), `${path.map(String).join('.')}: ${issue?.message ?? ''}`);
  }
  const plan = toPlan(result.data);
  const [problem] = checkPlan(plan);
  if (problem !== undefined) {
    const { path, message } = problem;
    throw invalid(where, lineOf(path), `${path.map(String).join('.')}: ${message}`);
  }
  return plan;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const { range } = node;
  const start: unknown = Array.isArray(range) ? range[0] : undefined;
  return typeof start === 'number' ? start : undefined;
}

function invalid(where: string, line: number, fault: string): BusError {
  return new BusError('BUS_PLAN_INVALID', `${where}, line ${line}: ${fault}`, {
    details: { file: where, line },
  });
}
