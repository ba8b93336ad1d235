import { isDocumentStatus } from './status.ts';

/** How far the handling of a delivery has come. */
export type ProcessingStatus = '01' | '02' | '03' | '04' | '05' | '06';

/** What the statuses of one delivery add up to, whatever the order they came in. */
export interface DeliveryState {
  /** The furthest of 01 to 06; `null` while nothing came back. */
  readonly processing: ProcessingStatus | null;
  /** What became of the sender's wish to take the document back. */
  readonly recall: 'none' | 'asked' | 'agreed' | 'declined';
  /** The status to show: 15 once recalled, else `processing`. */
  readonly furthest: ProcessingStatus | '15' | null;
  /** No status can follow: refused, or taken back. */
  readonly closed: boolean;
  /** Codes that no source defines, as they came. */
  readonly unknown: readonly string[];
}

const PROCESSING: readonly ProcessingStatus[] = ['01', '02', '03', '04', '05', '06'];

/**
 * The state of a delivery from all statuses given for it.
 *
 * Statuses are pulled one by one, so 05 may come before 03: order does not matter, only which
 * ones came and how often. 15 and 16 answer an update as well; they touch the recall only when
 * a 13 was given.
 */
export function stateOfStatuses(given: Iterable<string>): DeliveryState {
  const codes = [...given];
  const processing = PROCESSING.findLast((code) => codes.includes(code)) ?? null;
  const recall = recallOf(codes);
  return {
    processing,
    recall,
    furthest: recall === 'agreed' ? '15' : processing,
    closed: recall === 'agreed' || processing === '02',
    unknown: codes.filter((code) => !isDocumentStatus(code)),
  };
}

export interface FollowOptions {
  /** A recall or update that came as a document of business type 1 or 2, to be answered by 15 or 16. */
  readonly changeAsked?: boolean;
}

/**
 * Whether a status may be given after those already given, 13 by the sender and all others by the
 * recipient: (sent) → 01 → 02, or 03 → 04? → 05* → 06; 13 at any time, answered by 15 or 16.
 *
 * This binds what an agency gives. What arrives from others is stored in any order.
 */
export function mayFollow(
  given: Iterable<string>,
  next: string,
  options: FollowOptions = {},
): boolean {
  const state = stateOfStatuses(given);
  if (state.closed) return false;
  const { processing } = state;
  switch (next) {
    case '01':
      return processing === null;
    case '02':
    case '03':
      return processing === null || processing === '01';
    case '04':
      return processing === '03';
    case '05':
    case '06':
      return processing === '03' || processing === '04' || processing === '05';
    case '13':
      return state.recall !== 'asked';
    case '15':
    case '16':
      return state.recall === 'asked' || options.changeAsked === true;
    default:
      return false;
  }
}

function recallOf(codes: readonly string[]): DeliveryState['recall'] {
  const asked = countOf(codes, '13');
  if (asked === 0) return 'none';
  if (codes.includes('15')) return 'agreed';
  return countOf(codes, '16') >= asked ? 'declined' : 'asked';
}

function countOf(codes: readonly string[], wanted: string): number {
  return codes.filter((code) => code === wanted).length;
}
