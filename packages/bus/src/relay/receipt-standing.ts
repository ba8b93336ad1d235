import type { ContradictionKind } from './storage/contradiction-store.ts';

/** A receipt as an agency reported it; `packageDigest` is what it says it received. */
export interface ReportedReceipt {
  readonly status: string;
  readonly packageDigest: string | null;
}

export interface ReceiptContext {
  /** The document as its sender reported it; `undefined` while that report has not come. */
  readonly document: { readonly packageDigest: string } | undefined;
  /** Whether that report names the answering agency as an electronic recipient. */
  readonly isRecipient: boolean;
}

export type ReceiptStanding =
  | { readonly standing: 'counted' | 'waiting' | 'noted' }
  | { readonly standing: 'contradictory'; readonly kind: ContradictionKind };

/** Sent by the original sender, who asks for the document back: it answers nothing. */
const RECALL_ASKED = '13';
const REFUSED = '02';

/**
 * Whether a receipt counts for a delivery.
 *
 * Only a refusal may come without a digest: what was refused may have been too damaged to have one.
 */
export function judgeReceipt(receipt: ReportedReceipt, context: ReceiptContext): ReceiptStanding {
  if (receipt.status === RECALL_ASKED) return { standing: 'noted' };
  const { document, isRecipient } = context;
  if (document === undefined) return { standing: 'waiting' };
  if (!isRecipient) return { standing: 'contradictory', kind: 'RECEIPT_NOT_ADDRESSED' };
  if (receipt.packageDigest === null) {
    if (receipt.status === REFUSED) return { standing: 'counted' };
    return { standing: 'contradictory', kind: 'RECEIPT_DIGEST_MISSING' };
  }
  if (receipt.packageDigest !== document.packageDigest) {
    return { standing: 'contradictory', kind: 'RECEIPT_DIGEST_DIFFERS' };
  }
  return { standing: 'counted' };
}
