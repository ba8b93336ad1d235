import { COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES } from '../../edxml/document-type.ts';

/** Goes up when a figure is counted in another way: an auditor's program must know the same one. */
export const DEFINITIONS_VERSION = 2;

interface Definition {
  /** Field of `figures`, as in publications and in the HTTP API. */
  readonly field: string;
  /** The set that is counted, or the formula. */
  readonly formula: string;
  readonly en: string;
  readonly vi: string;
}

/** How each published figure comes out of the records, in words and as a formula (DESIGN §7). */
export const DEFINITIONS: readonly Definition[] = [
  {
    field: 'E',
    formula: "|{n ∈ register : n.dispatch ∧ ∀ r ∈ n.recipients : r.mode = 'E'}| − undelivered",
    en: 'documents of the outgoing register sent to every recipient electronically only',
    vi: 'văn bản đi gửi cho mọi nơi nhận hoàn toàn bằng điện tử',
  },
  {
    field: 'EP',
    formula: "|{n : n.dispatch ∧ ∃ r : r.mode ≠ 'P' ∧ ∃ r : r.mode ≠ 'E'}| − undelivered",
    en: 'documents sent electronically and also on paper, to the same or to other recipients',
    vi: 'văn bản gửi điện tử kèm bản giấy, cho cùng nơi nhận hoặc nơi nhận khác',
  },
  {
    field: 'P',
    formula: "|{n : n.paper ∨ (n.dispatch ∧ ∀ r : r.mode = 'P')}|",
    en: 'documents sent on paper only',
    vi: 'văn bản chỉ gửi bản giấy',
  },
  {
    field: 'signed',
    formula: '|{n ∈ E ∪ EP : n.signed}|',
    en: 'documents of E and E+P that carry a digital signature',
    vi: 'văn bản thuộc E và E+P có chữ ký số',
  },
  {
    field: 'rate_electronic',
    formula: 'E / (E + EP + P)',
    en: 'the share sent electronically only',
    vi: 'tỷ lệ gửi hoàn toàn điện tử',
  },
  {
    field: 'rate_any',
    formula: '(E + EP) / (E + EP + P)',
    en: 'the share sent electronically, with or without paper',
    vi: 'tỷ lệ gửi điện tử, có hoặc không kèm bản giấy',
  },
  {
    field: 'rate_signed',
    formula: 'signed / (E + EP)',
    en: 'the signed part of what was sent electronically',
    vi: 'tỷ lệ có chữ ký số trong số gửi điện tử',
  },
  {
    field: 'undelivered',
    formula: '|{n : n.dispatch ∧ ∀ d ∈ n.deliveries : ¬d.receipted ∧ (d.withdrawn ∨ day(d) > 30)}|',
    en: 'documents that no recipient answered for 30 days or that were given up: in no term',
    vi: 'văn bản không nơi nhận nào phản hồi trong 30 ngày hoặc đã ngừng gửi: không tính',
  },
  {
    field: 'void_numbers',
    formula: '|{n : n.void}|',
    en: 'numbers given up with a reason: in no term',
    vi: 'số bị hủy có lý do: không tính',
  },
  {
    field: 'missing_numbers',
    formula: '|{n : n between known numbers of the register ∧ no record names n}|',
    en: 'numbers that no record names and that may belong to the month',
    vi: 'số không có bản ghi nào và có thể thuộc tháng này',
  },
  {
    field: 'lower_bound',
    formula:
      'missing_numbers > 0 ∨ ∃ report of the chain that never came and may concern the month',
    en: 'true while records are missing: the counts are then at least this much',
    vi: 'đúng khi còn thiếu bản ghi: số liệu khi đó là mức tối thiểu',
  },
  {
    field:
      'deliveries, receipted, open, receipted_01, receipted_03, receipted_06, refused, recalled, withdrawn',
    formula:
      'one for each electronic recipient of a document; receipts of that recipient that count',
    en: 'deliveries and how far each has come by the receipts of its recipient',
    vi: 'lượt gửi và trạng thái theo biên nhận của nơi nhận',
  },
  {
    field: 'overdue, late',
    formula: 'open after the day of dispatch at +07:00; first receipt after the day of dispatch',
    en: 'Decree 30/2020 Art. 21.2c: the recipient confirms on the day of dispatch',
    vi: 'Nghị định 30/2020 Điều 21.2c: nơi nhận thông báo ngay trong ngày gửi',
  },
  {
    field: 'time_to_01_ms, time_to_03_ms, time_to_06_ms',
    formula:
      'value at rank ⌈p·n⌉ of a histogram whose buckets are at most 1/64 wide, p = 0.5 and 0.95',
    en: 'median and 95th percentile from dispatch to the receipt, in milliseconds',
    vi: 'trung vị và phân vị 95 từ lúc gửi đến biên nhận, tính bằng mili giây',
  },
  {
    field: 'contradictions',
    formula: '|{c : c.agency = sender}|',
    en: 'statements that contradict an earlier one of the same agency: kept, shown, never counted',
    vi: 'khai báo mâu thuẫn với khai báo trước của cùng cơ quan: được giữ và hiển thị, không tính',
  },
];

/** The definitions as a part of an audit file. */
export function encodeDefinitions(): Uint8Array {
  const types = { ...TYPES, counted: COUNTED_DOCUMENT_TYPES };
  const body = { version: DEFINITIONS_VERSION, period: PERIOD, types, figures: DEFINITIONS };
  return new TextEncoder().encode(`${JSON.stringify(body, null, 2)}\n`);
}

const TYPES = {
  en: 'rows by type: these names, in any capitals; documents of all other types count together',
  vi: 'theo loại: các tên sau, không phân biệt hoa thường; mọi loại khác được tính chung',
  other: OTHER_DOCUMENT_TYPES,
};

const PERIOD = {
  en: 'one unit for each number of an outgoing register, in the month of its date of issue at +07:00',
  vi: 'mỗi số trong sổ đăng ký văn bản đi là một đơn vị, tính theo tháng ban hành tại múi giờ +07:00',
};
