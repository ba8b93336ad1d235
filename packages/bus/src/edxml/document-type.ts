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

/**
 * Names by which documents are counted: the kinds of Decree 30/2020/NĐ-CP, those that edXML knows
 * besides (QCVN 102:2016, appendix of document types), and the legal normative ones.
 */
export const COUNTED_DOCUMENT_TYPES: readonly string[] = [
  'công văn',
  ...DOCUMENT_TYPE_ABBREVIATIONS.keys(),
  'thư công',
  'bản cam kết',
  'giấy chứng nhận',
  'giấy đi đường',
  'giấy biên nhận hồ sơ',
  'hiến pháp',
  'bộ luật',
  'luật',
  'pháp lệnh',
  'lệnh',
  'nghị quyết liên tịch',
  'nghị định',
  'thông tư',
  'thông tư liên tịch',
].map((name) => name.slice(0, 1).toUpperCase() + name.slice(1));

/** All other types count together: anyone can write anything there, and figures must stay bounded. */
export const OTHER_DOCUMENT_TYPES = 'other';

const SPELLINGS: ReadonlyMap<string, string> = new Map(
  COUNTED_DOCUMENT_TYPES.map((name) => [normaliseTypeName(name), name]),
);

const COUNTED: ReadonlySet<string> = new Set(COUNTED_DOCUMENT_TYPES);

/** Nearly every document is spelt as the list spells it: that is looked at first. */
function findCounted(name: string): string | undefined {
  return COUNTED.has(name) ? name : SPELLINGS.get(normaliseTypeName(name));
}

/** A type that is counted by name, as the list spells it (`CÔNG VĂN` → `Công văn`); others unchanged. */
export function spellDocumentType(name: string): string {
  return findCounted(name) ?? name;
}

/** The name under which a document of this type is counted. */
export function countedDocumentType(name: string): string {
  return findCounted(name) ?? OTHER_DOCUMENT_TYPES;
}

/** The name by which types are compared: the codes on the wire follow three conventions. */
function normaliseTypeName(name: string): string {
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
