import type { DispatchEntry, DispatchRecipient } from '../../record/payload.ts';
import type { Chance } from '../chance.ts';
import type { TrafficAgency } from './country.ts';

/** What a document is about, without number, date and recipients. */
export type Writing = Pick<DispatchEntry, 'documentType' | 'abstract' | 'priority'> & {
  readonly notation: string;
};

const TYPES = [
  ['Công văn', 'CV', 58],
  ['Báo cáo', 'BC', 12],
  ['Quyết định', 'QĐ', 9],
  ['Kế hoạch', 'KH', 7],
  ['Thông báo', 'TB', 6],
  ['Giấy mời', 'GM', 4],
  ['Tờ trình', 'TTr', 3],
  ['Chỉ thị', 'CT', 1],
] as const;
const TYPE_WEIGHTS = TYPES.map((type) => [type, type[2]] as const);
const PRIORITIES = [
  [0, 82],
  [1, 12],
  [2, 4],
  [3, 2],
] as const;
const MATTERS = [
  'triển khai chương trình chuyển đổi số',
  'báo cáo tình hình kinh tế - xã hội',
  'tăng cường phòng, chống thiên tai và tìm kiếm cứu nạn',
  'rà soát thủ tục hành chính thuộc phạm vi quản lý',
  'phân bổ dự toán chi thường xuyên',
  'góp ý dự thảo quy chế phối hợp',
  'cử cán bộ tham gia lớp bồi dưỡng nghiệp vụ',
  'giải quyết đơn kiến nghị của công dân',
  'công tác bảo đảm an toàn thực phẩm',
  'tổng hợp số liệu phục vụ cuộc họp giao ban',
];
const TIMES = [
  'tháng 3',
  'quý II',
  '6 tháng đầu năm',
  'quý III',
  'năm 2025',
  'năm 2026',
  'tháng 11',
];
const PAPER_NAMES = [
  'Công ty Ánh Dương',
  'Ông Nguyễn Văn Bình',
  'Hợp tác xã Tân Thạnh',
  'Bà Trần Thị Mai',
];
const MAX_RECIPIENTS = 60;

export function write(chance: Chance): Writing {
  const [documentType, short] = chance.pickWeighted(TYPE_WEIGHTS);
  const abstract = `Về việc ${chance.pick(MATTERS)} ${chance.pick(TIMES)} (${chance.between(1, 9_999)})`;
  return {
    documentType,
    abstract,
    priority: chance.pickWeighted(PRIORITIES),
    notation: `${short}-VP`,
  };
}

/**
 * About three recipients: mostly along the line of command, down to all below, now and then across.
 * A few get paper beside the file or instead of it.
 */
export function address(
  chance: Chance,
  from: TrafficAgency,
  country: readonly TrafficAgency[],
): readonly DispatchRecipient[] {
  const chosen = new Map<string, TrafficAgency>();
  const take = (agency: TrafficAgency | null | undefined): void => {
    if (agency !== null && agency !== undefined && agency !== from) chosen.set(agency.code, agency);
  };
  const way = chance.next();
  if (way < 0.03 && from.children.length > 0) {
    for (const child of from.children.slice(0, MAX_RECIPIENTS)) take(child);
  } else {
    if (way < 0.75) take(from.parent ?? chance.pick(country));
    const more = chance.between(1, 3);
    for (let index = 0; index < more; index += 1) take(neighbour(chance, from, country));
  }
  if (chosen.size === 0) take(neighbour(chance, from, country) ?? from.parent);
  while (chosen.size === 0) take(chance.pick(country));
  const recipients: DispatchRecipient[] = [...chosen.values()].map(({ code }) => ({
    to: code,
    mode: chance.next() < 0.02 ? 'E+P' : 'E',
  }));
  if (chance.next() < 0.03) {
    recipients.push({ name: chance.pick(PAPER_NAMES), mode: 'P', reason: 'not-connected' });
  }
  return recipients;
}

export function paperNames(chance: Chance): string[] {
  return [chance.pick(PAPER_NAMES)];
}

function neighbour(
  chance: Chance,
  from: TrafficAgency,
  country: readonly TrafficAgency[],
): TrafficAgency | undefined {
  const near = chance.next() < 0.5 ? from.children : (from.parent?.children ?? []);
  return near.length > 0 ? chance.pick(near) : chance.pick(country);
}
