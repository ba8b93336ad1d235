/**
 * Kinds of official documents and their abbreviations in the notation (Decree 30/2020/NĐ-CP,
 * Appendix III). Công văn and thư công have none.
 */
export const DOCUMENT_TYPE_ABBREVIATIONS: ReadonlyMap<string, string> = new Map([
  ['nghị quyết', 'NQ'],
  ['quyết định', 'QĐ'],
  ['chỉ thị', 'CT'],
  ['quy chế', 'QC'],
  ['quy định', 'QyĐ'],
  ['thông cáo', 'TC'],
  ['thông báo', 'TB'],
  ['hướng dẫn', 'HD'],
  ['chương trình', 'CTr'],
  ['kế hoạch', 'KH'],
  ['phương án', 'PA'],
  ['đề án', 'ĐA'],
  ['dự án', 'DA'],
  ['báo cáo', 'BC'],
  ['biên bản', 'BB'],
  ['tờ trình', 'TTr'],
  ['hợp đồng', 'HĐ'],
  ['công điện', 'CĐ'],
  ['bản ghi nhớ', 'BGN'],
  ['bản thỏa thuận', 'BTT'],
  ['giấy ủy quyền', 'GUQ'],
  ['giấy mời', 'GM'],
  ['giấy giới thiệu', 'GGT'],
  ['giấy nghỉ phép', 'GNP'],
  ['phiếu gửi', 'PG'],
  ['phiếu chuyển', 'PC'],
  ['phiếu báo', 'PB'],
]);

/** The name by which types are compared: the codes on the wire follow three conventions. */
export function normaliseTypeName(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase();
}

/** Whether a notation such as `QĐ-UBND` can belong to a document of this type; unknown types can. */
export function notationFits(typeName: string, notation: string): boolean {
  const type = normaliseTypeName(typeName);
  const [first = ''] = notation.normalize('NFC').trim().split('-');
  const expected = DOCUMENT_TYPE_ABBREVIATIONS.get(type);
  if (expected !== undefined) return first.toLowerCase() === expected.toLowerCase();
  return true;
}
