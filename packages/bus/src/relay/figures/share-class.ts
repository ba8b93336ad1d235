import type { DispatchRecipient } from '../../record/payload.ts';

/** How a document left: electronic only, electronic and paper, paper only (QĐ 28/2018). */
const SHARE_CLASSES = ['E', 'EP', 'P'] as const;
export type ShareClass = (typeof SHARE_CLASSES)[number];

/**
 * The class of a dispatched document.
 *
 * All recipients electronic: E. Paper as well to any of them, or paper only to some: E+P. A
 * dispatch whose every recipient got paper is a paper document.
 */
export function shareClassOf(recipients: readonly DispatchRecipient[]): ShareClass {
  const electronic = recipients.some((recipient) => recipient.mode !== 'P');
  if (!electronic) return 'P';
  return recipients.every((recipient) => recipient.mode === 'E') ? 'E' : 'EP';
}
