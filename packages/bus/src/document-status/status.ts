/** Who may give a status: the agency that got the document, or the one that sent it. */
export type StatusGiver = 'recipient' | 'sender';

export interface StatusName {
  readonly givenBy: StatusGiver;
  readonly vi: string;
  readonly en: string;
}

/** The statuses that edXML messages are known to carry; 07 to 12 and 14 are defined nowhere. */
export const DOCUMENT_STATUSES = {
  '01': { givenBy: 'recipient', vi: 'Đã đến', en: 'arrived' },
  '02': { givenBy: 'recipient', vi: 'Từ chối tiếp nhận', en: 'refused' },
  '03': { givenBy: 'recipient', vi: 'Đã tiếp nhận', en: 'accepted' },
  '04': { givenBy: 'recipient', vi: 'Phân công', en: 'assigned' },
  '05': { givenBy: 'recipient', vi: 'Đang xử lý', en: 'in process' },
  '06': { givenBy: 'recipient', vi: 'Hoàn thành', en: 'done' },
  '13': { givenBy: 'sender', vi: 'Lấy lại', en: 'recall asked' },
  '15': { givenBy: 'recipient', vi: 'Đồng ý cập nhật / lấy lại', en: 'change agreed' },
  '16': { givenBy: 'recipient', vi: 'Từ chối cập nhật / lấy lại', en: 'change declined' },
} as const satisfies Record<string, StatusName>;

export type DocumentStatus = keyof typeof DOCUMENT_STATUSES;

export function isDocumentStatus(code: string): code is DocumentStatus {
  return Object.hasOwn(DOCUMENT_STATUSES, code);
}

/** The name of a status to show; an unknown one is shown with its code, never dropped. */
export function nameOfStatus(code: string, language: 'vi' | 'en'): string {
  if (isDocumentStatus(code)) return DOCUMENT_STATUSES[code][language];
  return language === 'vi' ? `mã khác (${code})` : `other code (${code})`;
}
