import type { TrackedDispatch, TrackedReceipt } from '../queries.ts';
import type { DocumentAnswer } from './schemas.ts';

/** A tracked document as the API tells it. */
export function describeDocument(document: TrackedDispatch): DocumentAnswer {
  const { register, responseFor } = document;
  return {
    from: document.from,
    from_name: document.fromName,
    document_id: document.documentId,
    business_type: document.businessType,
    document_version: document.documentVersion,
    register: {
      year: register.year,
      number: register.number,
      notation: register.notation,
      issued_on: register.issuedOn,
    },
    document_type: document.documentType,
    abstract: document.abstract,
    priority: document.priority,
    signed: document.signed,
    share_class: document.shareClass,
    package_digest: document.packageDigest,
    dispatched_at: document.dispatchedAt.toISOString(),
    response_for:
      responseFor === null
        ? null
        : { organ_id: responseFor.organId, document_id: responseFor.documentId },
    deliveries: document.deliveries.map(({ to, toName, mode, state, withdrawn, ...rest }) => ({
      to,
      to_name: toName,
      mode,
      state,
      withdrawn:
        withdrawn === null
          ? null
          : { at: withdrawn.at.toISOString(), cause: withdrawn.cause, reason: withdrawn.reason },
      receipts: rest.receipts.map(describeReceipt),
      receipts_left_out: rest.receiptsLeftOut,
    })),
    paper_recipients: document.paperRecipients.map(({ name, reason }) => ({ name, reason })),
    contradictory: document.contradictory.map((one) => ({
      ...describeReceipt(one),
      from: one.from,
      package_digest: one.packageDigest,
    })),
    contradictory_left_out: document.contradictoryLeftOut,
  };
}

function describeReceipt(receipt: TrackedReceipt): DocumentAnswer['deliveries'][0]['receipts'][0] {
  return {
    status: receipt.status,
    at: receipt.at.toISOString(),
    reason_code: receipt.reasonCode,
    reason: receipt.reason,
    incoming: receipt.incoming,
  };
}
