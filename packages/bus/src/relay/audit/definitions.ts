import { COUNTED_DOCUMENT_TYPES, OTHER_DOCUMENT_TYPES } from '../../edxml/document-type.ts';

/** Goes up when a figure is counted in another way: an auditor's program must know the same one. */
export const DEFINITIONS_VERSION = 3;

/** The version of a publication whose head names none. */
const FIRST_NAMED_VERSION = 3;

/** Figures that a version added: one that was published before does not have them. */
const ADDED: ReadonlyMap<string, number> = new Map([['duplicates', 3]]);

/** By which definitions a publication counts. */
export function definitionsOf(head: { readonly definitions?: number | undefined }): number {
  return head.definitions ?? FIRST_NAMED_VERSION - 1;
}

/** Whether figures counted by a version of the definitions have a field. */
export function isDefined(field: string, version: number): boolean {
  return (ADDED.get(field) ?? 0) <= version;
}

interface Definition {
  /** Fields of a published row, as in the HTTP API, with commas between. */
  readonly field: string;
  /** The set that is counted, or the formula. */
  readonly formula: string;
  readonly en: string;
  readonly vi: string;
}

/** How each published figure comes out of the records, in words and as a formula. */
export const DEFINITIONS: readonly Definition[] = [
  {
    field: 'E',
    formula: "|{n : n.dispatch ∧ n ∉ undelivered ∧ ∀ r ∈ n.recipients : r.mode = 'E'}|",
    en: 'documents of the outgoing register sent to every recipient electronically only',
    vi: 'văn bản đi gửi cho mọi nơi nhận hoàn toàn bằng điện tử',
  },
  {
    field: 'EP',
    formula: "|{n : n.dispatch ∧ n ∉ undelivered ∧ ∃ r : r.mode ≠ 'P' ∧ ∃ r : r.mode ≠ 'E'}|",
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
    formula:
      '|{n : n.dispatch ∧ n.deliveries ≠ ∅ ∧ ∀ d : open(d) ∧ (∀ d : d.given_up ∨ n.reported_at < start(as_of.day) − 30 days)}|',
    en: 'documents that no recipient answered for 30 days or that were given up: in no term',
    vi: 'văn bản không nơi nhận nào phản hồi trong 30 ngày hoặc đã ngừng gửi: không tính',
  },
  {
    field: 'void_numbers',
    formula: '|{n : n.void}|, on the day of n.reported_at',
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
    field: 'deliveries',
    formula: "|{(n, r) : n.dispatch ∧ r ∈ n.recipients ∧ r.mode ≠ 'P'}|",
    en: 'one for each electronic recipient of a document',
    vi: 'mỗi nơi nhận điện tử của một văn bản là một lượt gửi',
  },
  {
    field: 'paper_recipients',
    formula: "|{(n, r) : r ∈ n.recipients ∧ (n.paper ∨ r.mode = 'P')}|",
    en: 'recipients that get a document on paper only',
    vi: 'nơi nhận chỉ nhận bản giấy',
  },
  {
    field: 'receipted, open',
    formula: 'receipted = |{d : ∃ receipt of d}|, open = deliveries − receipted',
    en: 'a receipt of d is of its recipient, for its document, business type and package, which 02 alone may leave out; 13 is none',
    vi: 'hồi báo là của chính nơi nhận, đúng văn bản, nghiệp vụ và gói tin (riêng 02 có thể không nêu gói tin); mã 13 không phải hồi báo',
  },
  {
    field: 'receipted_01, receipted_03, receipted_06',
    formula: '|{d : ∃ receipt of d with this status}|',
    en: 'deliveries that arrived, were accepted, were completed',
    vi: 'lượt gửi đã đến, đã tiếp nhận, đã hoàn thành',
  },
  {
    field: 'refused',
    formula: '|{d : ∃ 02 ∧ ∄ 03, 04, 05, 06 ∧ ¬(first 01 later than last 02)}|',
    en: 'deliveries that stand refused',
    vi: 'lượt gửi đang bị từ chối',
  },
  {
    field: 'recalled',
    formula: '|{d : ∃ 15}|',
    en: 'deliveries whose recipient agreed to a recall or update',
    vi: 'lượt gửi mà nơi nhận đồng ý cập nhật, lấy lại',
  },
  {
    field: 'withdrawn',
    formula: '|{d : open(d) ∧ d.given_up}|',
    en: 'deliveries that their sender gave up and nobody answered',
    vi: 'lượt gửi bên gửi đã ngừng và chưa có hồi báo',
  },
  {
    field: 'overdue',
    formula: '|{d : open(d) ∧ n.reported_at < start(as_of.day)}|',
    en: 'Decree 30/2020 Art. 21.2c: the recipient confirms on the day of dispatch',
    vi: 'Nghị định 30/2020 Điều 21.2c: nơi nhận thông báo ngay trong ngày gửi',
  },
  {
    field: 'late',
    formula: '|{d : day(first receipt of d) > day(n.reported_at)}|',
    en: 'deliveries whose first receipt is of a later day than the dispatch',
    vi: 'lượt gửi có hồi báo đầu tiên sau ngày gửi',
  },
  {
    field: 'time_to_01_ms, time_to_03_ms, time_to_06_ms',
    formula:
      'of max(0, first receipt with this status − n.reported_at): top of the bucket that holds the value at rank ⌈p·n⌉, p = 0.5 and 0.95; a bucket for each ms below 128, then 64 for each doubling',
    en: 'median and 95th percentile from dispatch to the receipt, in milliseconds',
    vi: 'trung vị và phân vị 95 từ lúc gửi đến hồi báo, tính bằng mili giây',
  },
  {
    field: 'contradictions',
    formula: '|{c : c.agency = sender}|, on the day of the report that contradicts',
    en: 'statements that contradict an earlier one of the same agency: kept, shown, never counted',
    vi: 'khai báo mâu thuẫn với khai báo trước của cùng cơ quan: được giữ và hiển thị, không tính',
  },
  {
    field: 'duplicates',
    formula:
      '|{c ∈ contradictions : c.kind = DOCUMENT_REDISPATCHED ∨ c.kind = REGISTER_NUMBER_REUSED}|',
    en: 'of the contradictions, documents dispatched again and numbers used again',
    vi: 'trong số mâu thuẫn: văn bản gửi lại và số văn bản dùng lại',
  },
  {
    field: 'agencies, agencies_silent',
    formula:
      'agencies = |{a : a open on a day of the month}|, agencies_silent = |{a : no report of a is stated on such a day, and no document of a is issued on one}|',
    en: 'open agencies, and those of them that reported nothing: listed, in no rate',
    vi: 'cơ quan đang hoạt động, và số cơ quan không báo cáo gì: được liệt kê, không nằm trong tỷ lệ nào',
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
  en: 'one unit for each number n of an outgoing register, in the month of its date of issue at +07:00; of several records of a number the one with the lowest report number holds it, one of business type 1 or 2 only where there is no other',
  vi: 'mỗi số n trong sổ đăng ký văn bản đi là một đơn vị, tính theo tháng ban hành tại múi giờ +07:00; nếu nhiều bản ghi cùng một số thì bản ghi có số báo cáo nhỏ nhất giữ số đó, nghiệp vụ 1 và 2 chỉ giữ khi không có bản ghi khác',
};
