export interface ReasonText {
  readonly vi: string;
  readonly en: string;
}

/**
 * The reasons a clerk may refuse a document for, drawn from the duties of QĐ 28/2018/QĐ-TTg
 * Art. 4, 5 and 9. The codes travel as `reasonCode` of a receipt 02, beside the clerk's own words.
 */
export const REFUSAL_REASONS = {
  WRONG_ADDRESSEE: { vi: 'Gửi nhầm nơi nhận', en: 'not meant for this agency' },
  FILE_UNREADABLE: {
    vi: 'Thiếu tệp hoặc tệp không mở được',
    en: 'a file is missing or unreadable',
  },
  INTEGRITY_FAILURE: { vi: 'Văn bản không toàn vẹn', en: 'the document was changed on its way' },
  SIGNATURE_MISSING: { vi: 'Thiếu chữ ký số', en: 'a digital signature is missing' },
  SIGNATURE_INVALID: {
    vi: 'Chữ ký số không hợp lệ, chứng thư số hết hạn hoặc bị thu hồi',
    en: 'a digital signature is invalid, its certificate expired or revoked',
  },
  SIGNER_NOT_COMPETENT: {
    vi: 'Người ký không đúng thẩm quyền',
    en: 'the signatory is not competent',
  },
  NUMBER_OR_DATE_MISMATCH: {
    vi: 'Số, ký hiệu hoặc ngày không khớp với tệp',
    en: 'number, notation or date differ from the file',
  },
  DUPLICATE: { vi: 'Trùng với văn bản đã nhận', en: 'the document was received before' },
  METADATA_INCOMPLETE: { vi: 'Thông tin mô tả không đầy đủ', en: 'the description is incomplete' },
  VIRUS: { vi: 'Tệp có mã độc', en: 'a file holds malware' },
  STATE_SECRET: {
    vi: 'Văn bản có nội dung bí mật nhà nước',
    en: 'the document holds state secrets, which must not be on this bus',
  },
  OTHER: { vi: 'Lý do khác', en: 'another reason, given in words' },
} as const satisfies Record<string, ReasonText>;

export type RefusalReason = keyof typeof REFUSAL_REASONS;

export function isRefusalReason(code: string): code is RefusalReason {
  return Object.hasOwn(REFUSAL_REASONS, code);
}
