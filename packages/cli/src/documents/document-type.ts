/**
 * Kinds of documents with their abbreviations: the 29 of Decree 30/2020/NĐ-CP Appendix III, and the legal
 * normative ones. An empty abbreviation: the notation carries none.
 */
export const DOCUMENT_TYPES: readonly (readonly [name: string, abbreviation: string])[] = [
  ['Nghị quyết', 'NQ'],
  ['Quyết định', 'QĐ'],
  ['Chỉ thị', 'CT'],
  ['Quy chế', 'QC'],
  ['Quy định', 'QyĐ'],
  ['Thông cáo', 'TC'],
  ['Thông báo', 'TB'],
  ['Hướng dẫn', 'HD'],
  ['Chương trình', 'CTr'],
  ['Kế hoạch', 'KH'],
  ['Phương án', 'PA'],
  ['Đề án', 'ĐA'],
  ['Dự án', 'DA'],
  ['Báo cáo', 'BC'],
  ['Biên bản', 'BB'],
  ['Tờ trình', 'TTr'],
  ['Hợp đồng', 'HĐ'],
  ['Công văn', ''],
  ['Công điện', 'CĐ'],
  ['Bản ghi nhớ', 'BGN'],
  ['Bản thỏa thuận', 'BTT'],
  ['Giấy ủy quyền', 'GUQ'],
  ['Giấy mời', 'GM'],
  ['Giấy giới thiệu', 'GGT'],
  ['Giấy nghỉ phép', 'GNP'],
  ['Phiếu gửi', 'PG'],
  ['Phiếu chuyển', 'PC'],
  ['Phiếu báo', 'PB'],
  ['Thư công', ''],
  ['Luật', ''],
  ['Lệnh', 'L'],
  ['Nghị định', 'NĐ'],
  ['Thông tư', 'TT'],
  ['Thông tư liên tịch', 'TTLT'],
];

/** Without case and diacritics, so that a keyboard without Vietnamese letters is enough. */
export function foldVietnamese(text: string): string {
  return text
    .trim()
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[đĐ]/gu, 'd')
    .toLowerCase()
    .replaceAll(/\s+/gu, ' ');
}

/**
 * The full name of a kind of document from its name or abbreviation. Names come first; an abbreviation
 * that only its capitals tell apart (`DA` Dự án, `ĐA` Đề án) must be written exactly.
 *
 * @returns `undefined` when no kind is called so.
 */
export function findDocumentType(text: string): string | undefined {
  const exact = text.trim().normalize('NFC');
  const byAbbreviation = DOCUMENT_TYPES.find(([, short]) => short !== '' && short === exact);
  if (byAbbreviation !== undefined) return byAbbreviation[0];
  const folded = foldVietnamese(text);
  return DOCUMENT_TYPES.find(([name]) => foldVietnamese(name) === folded)?.[0];
}
