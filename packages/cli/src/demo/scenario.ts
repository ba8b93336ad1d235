import type { PaperReason, Priority } from '@congvan/node-agent';

import { bridgeAnswer, bridgeInspection, bridgeReport, disasterProposal } from './texts/bridge.ts';
import { clericalReport, ministryGuidance, provincePlan } from './texts/exchange.ts';
import { roadSurvey, stormWarning } from './texts/field-work.ts';
import type { TextWriter } from './texts/text.ts';

/** One document that an agency of the cast writes and sends. */
export interface PlannedDocument {
  readonly from: string;
  readonly to: readonly string[];
  readonly write: TextWriter;
  /** The document its text cites, by key. */
  readonly cites?: string;
  /** The cited document goes along as an attachment, signed as it came. */
  readonly attachesCited?: true;
  /** The document it answers (edXML `ResponseFor`), by key. */
  readonly answers?: string;
  readonly alsoPaperTo?: readonly string[];
  readonly paperTo?: readonly { readonly name: string; readonly reason: PaperReason }[];
  readonly priority?: Priority;
}

/** A document that goes out on paper alone. */
export interface PlannedPaper {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly documentType: string;
  readonly abstract: string;
  readonly reason: PaperReason;
  readonly note: string;
}

/** All documents of the demo. The runner sends them act by act; nothing else is sent. */
const DOCUMENTS = {
  // From a commune up to the centre: each level writes its own document about the one before.
  bridgeReport: { from: 'H09.21.001', to: ['H09.21'], write: bridgeReport },
  bridgeInspection: {
    from: 'H09.21',
    to: ['H09'],
    write: bridgeInspection,
    cites: 'bridgeReport',
    attachesCited: true,
  },
  disasterProposal: {
    from: 'H09',
    to: ['G22', 'G09'],
    write: disasterProposal,
    cites: 'bridgeInspection',
    attachesCited: true,
    alsoPaperTo: ['G22'],
  },
  bridgeAnswer: {
    from: 'H09',
    to: ['H09.21.001', 'H09.21'],
    write: bridgeAnswer,
    cites: 'bridgeReport',
    answers: 'bridgeReport',
  },
  // From a ministry down to all communes.
  ministryGuidance: { from: 'G09', to: ['H09', 'H45'], write: ministryGuidance },
  planBinhDuong: {
    from: 'H09',
    to: ['H09.21.001', 'H09.21.002', 'H09.22.001', 'H09.22.002'],
    write: provincePlan,
    cites: 'ministryGuidance',
  },
  planPhuYen: {
    from: 'H45',
    to: ['H45.21.001', 'H45.21.002'],
    write: provincePlan,
    cites: 'ministryGuidance',
  },
  // Ordinary traffic.
  stormWarning: {
    from: 'H45.02',
    to: ['H45.21', 'H45.21.001', 'H45.21.002'],
    write: stormWarning,
    priority: 3,
    paperTo: [{ name: 'Nghiệp đoàn nghề cá xã An Chấn', reason: 'not-connected' }],
  },
  roadSurvey: { from: 'H09.02', to: ['H09.22.001'], write: roadSurvey },
  reportHomeAffairsBinhDuong: { from: 'H09.01', to: ['H09', 'G09'], write: clericalReport },
  reportHomeAffairsPhuYen: { from: 'H45.01', to: ['H45'], write: clericalReport },
  reportDiAn: { from: 'H09.22', to: ['H09'], write: clericalReport },
  reportTuyAn: { from: 'H45.21', to: ['H45'], write: clericalReport },
  reportAnNinhDong: { from: 'H45.21.001', to: ['H45.21'], write: clericalReport },
} as const satisfies Record<string, PlannedDocument>;

export type DocumentKey = keyof typeof DOCUMENTS;

export function isDocumentKey(text: string): text is DocumentKey {
  return Object.hasOwn(DOCUMENTS, text);
}

export const DOCUMENT_KEYS: readonly DocumentKey[] = Object.keys(DOCUMENTS).filter(isDocumentKey);

/** The plan of one document, with all that it may hold. */
export function plannedDocument(key: DocumentKey): PlannedDocument {
  return DOCUMENTS[key];
}

export const PAPERS: readonly PlannedPaper[] = [
  {
    from: 'H45.01',
    recipients: ['Hội Cựu giáo chức thành phố Tuy Hòa'],
    documentType: 'Giấy mời',
    abstract: 'Dự buổi góp ý quy chế tiếp nhận tài liệu lưu trữ tư nhân',
    reason: 'not-connected',
    note: 'nơi nhận chưa kết nối trục',
  },
  {
    from: 'H09.22.001',
    recipients: ['Ủy ban nhân dân thành phố Dĩ An'],
    documentType: 'Báo cáo',
    abstract: 'Nhanh về sự cố mất điện tại trụ sở phường',
    reason: 'infrastructure',
    note: 'mất điện hơn một ngày làm việc',
  },
];

/** These agencies are cut off by the storm until the last act: what is sent to them waits. */
export const OFFLINE_AT_FIRST: readonly string[] = ['H45.21.001', 'H45.21.002'];

/** The broker hands this delivery out twice; the agency must get it once. */
export const REPEATED = { document: 'planPhuYen', to: 'H45.21.001' } as const;
/** One byte of this delivery's package changes on the way. */
export const ALTERED = { document: 'planPhuYen', to: 'H45.21.002' } as const;
/** This agency's key signs a document that claims to come from another one. */
export const FORGED = { signedBy: 'H09.02', claims: 'G09', to: 'H45.21.002' } as const;
/** The clerk refuses this delivery: it belongs to another commune. */
export const REFUSED = { document: 'roadSurvey', to: 'H09.22.001' } as const;
/** The document whose tracking is shown at the end. */
export const SHOWN: DocumentKey = 'stormWarning';

export type Decision =
  | { readonly kind: 'accept' | 'complete' }
  | { readonly kind: 'refuse'; readonly code: 'WRONG_ADDRESSEE'; readonly reason: string };

/** These have more to do before the matter is done: they accept, but do not complete. */
const STILL_AT_WORK: readonly string[] = ['G09', 'H09.22.002'];

/** What the clerk of an agency does with a document that has come in. */
export function decide(agency: string, document: { readonly from: string }): Decision {
  const { from } = DOCUMENTS[REFUSED.document];
  if (agency === REFUSED.to && document.from === from) {
    return {
      kind: 'refuse',
      code: 'WRONG_ADDRESSEE',
      reason: 'Tuyến ĐT.750 không đi qua địa bàn phường; đề nghị gửi UBND xã Phước Hòa',
    };
  }
  return { kind: STILL_AT_WORK.includes(agency) ? 'accept' : 'complete' };
}
