import type { Signatory } from '../drawing/official/official-document.ts';

/** What the demo knows about an agency beyond its directory entry. */
export interface CastAgency {
  readonly code: string;
  /** Full name, as in the directory and in the agency's certificates. */
  readonly name: string;
  /** The name inside running text: `UBND xã Phước Hòa`. */
  readonly shortName: string;
  readonly tier: 'central' | 'province' | 'district' | 'commune';
  readonly parent: string | null;
  readonly site: 'TW' | 'H09' | 'H45';
  /** Governing agency in the letterhead; a people's committee names none (Decree 30/2020, appendix I). */
  readonly letterheadParent?: string;
  readonly letterhead: readonly string[];
  readonly place: string;
  /** The agency's own part of a document symbol: `UBND` in `BC-UBND`. */
  readonly symbol: string;
  /** The unit that drafts, in a letter's symbol: `VP` in `UBND-VP`. */
  readonly unit: string;
  readonly signatory: Signatory;
  /** What follows `Lưu:`. */
  readonly archive: string;
}

/** The sites of the demo: two provinces and the centre. */
export const SITES = ['TW', 'H09', 'H45'] as const;

/** The central relay. */
export const RELAY = { code: 'W01', name: 'Trạm theo dõi trung ương', site: 'TW' } as const;

/** The code under which the directory's entries are signed. */
export const REGISTRAR = 'TW';

interface CommitteeInput {
  readonly code: string;
  readonly place: string;
  /** `xã Phước Hòa`, as it follows `Ủy ban nhân dân`. */
  readonly unitName: string;
  readonly tier: CastAgency['tier'];
  readonly parent: string | null;
  readonly site: CastAgency['site'];
  readonly chair: string;
  /** Signs as deputy for the chair. */
  readonly isDeputy?: boolean;
}

function committee(input: CommitteeInput): CastAgency {
  const { code, place, tier, parent, site, unitName, chair } = input;
  const title = input.isDeputy === true ? ['KT. CHỦ TỊCH', 'PHÓ CHỦ TỊCH'] : ['CHỦ TỊCH'];
  return {
    code,
    name: `Ủy ban nhân dân ${unitName}`,
    shortName: `UBND ${unitName}`,
    tier,
    parent,
    site,
    letterhead: ['Ủy ban nhân dân', unitName],
    place,
    symbol: 'UBND',
    unit: 'VP',
    signatory: { titleLines: ['TM. ỦY BAN NHÂN DÂN', ...title], fullName: chair },
    archive: 'VT, VP',
  };
}

interface DepartmentInput {
  readonly code: string;
  /** `Sở Nội vụ`. */
  readonly unitName: string;
  readonly provinceName: string;
  readonly place: string;
  readonly parent: 'H09' | 'H45';
  readonly symbol: string;
  readonly director: string;
}

function department(input: DepartmentInput): CastAgency {
  const { code, place, parent, symbol, unitName, provinceName, director } = input;
  return {
    code,
    name: `${unitName} ${provinceName}`,
    shortName: `${unitName} ${provinceName}`,
    tier: 'province',
    parent,
    site: parent,
    letterheadParent: `Ủy ban nhân dân ${provinceName}`,
    letterhead: [unitName],
    place,
    symbol,
    unit: 'VP',
    signatory: { titleLines: ['KT. GIÁM ĐỐC', 'PHÓ GIÁM ĐỐC'], fullName: director },
    archive: 'VT, VP',
  };
}

/**
 * The agencies of the demo. Real places with the names and the four tiers that stood until 30 June 2025,
 * codes of Decision 20/2020/QĐ-TTg; the persons, the lower parts of the codes and all documents are invented.
 */
export const CAST: readonly CastAgency[] = [
  {
    code: 'G09',
    name: 'Bộ Nội vụ',
    shortName: 'Bộ Nội vụ',
    tier: 'central',
    parent: null,
    site: 'TW',
    letterhead: ['Bộ Nội vụ'],
    place: 'Hà Nội',
    symbol: 'BNV',
    unit: 'VTLT',
    signatory: { titleLines: ['KT. BỘ TRƯỞNG', 'THỨ TRƯỞNG'], fullName: 'Đặng Quỳnh Uyển' },
    archive: 'VT, VTLT',
  },
  {
    code: 'G22',
    name: 'Văn phòng Chính phủ',
    shortName: 'Văn phòng Chính phủ',
    tier: 'central',
    parent: null,
    site: 'TW',
    letterhead: ['Văn phòng Chính phủ'],
    place: 'Hà Nội',
    symbol: 'VPCP',
    unit: 'NN',
    signatory: {
      titleLines: ['KT. BỘ TRƯỞNG, CHỦ NHIỆM', 'PHÓ CHỦ NHIỆM'],
      fullName: 'Tạ Hữu Kháng',
    },
    archive: 'VT, NN',
  },
  committee({
    code: 'H09',
    place: 'Bình Dương',
    unitName: 'tỉnh Bình Dương',
    tier: 'province',
    parent: null,
    site: 'H09',
    chair: 'Lương Bửu Thạnh',
    isDeputy: true,
  }),
  committee({
    code: 'H45',
    place: 'Phú Yên',
    unitName: 'tỉnh Phú Yên',
    tier: 'province',
    parent: null,
    site: 'H45',
    chair: 'Đinh Thị Mỹ Sương',
    isDeputy: true,
  }),
  department({
    code: 'H09.01',
    unitName: 'Sở Nội vụ',
    provinceName: 'tỉnh Bình Dương',
    place: 'Bình Dương',
    parent: 'H09',
    symbol: 'SNV',
    director: 'Kiều Ngọc Diễm',
  }),
  department({
    code: 'H09.02',
    unitName: 'Sở Giao thông vận tải',
    provinceName: 'tỉnh Bình Dương',
    place: 'Bình Dương',
    parent: 'H09',
    symbol: 'SGTVT',
    director: 'Hứa Vĩnh Nghĩa',
  }),
  department({
    code: 'H45.01',
    unitName: 'Sở Nội vụ',
    provinceName: 'tỉnh Phú Yên',
    place: 'Phú Yên',
    parent: 'H45',
    symbol: 'SNV',
    director: 'Trịnh Thế Hưởng',
  }),
  department({
    code: 'H45.02',
    unitName: 'Sở Nông nghiệp và Phát triển nông thôn',
    provinceName: 'tỉnh Phú Yên',
    place: 'Phú Yên',
    parent: 'H45',
    symbol: 'SNNPTNT',
    director: 'Phan Kỳ Duyệt',
  }),
  committee({
    code: 'H09.21',
    place: 'Phú Giáo',
    unitName: 'huyện Phú Giáo',
    tier: 'district',
    parent: 'H09',
    site: 'H09',
    chair: 'Mạc Đình Tưởng',
  }),
  committee({
    code: 'H09.22',
    place: 'Dĩ An',
    unitName: 'thành phố Dĩ An',
    tier: 'district',
    parent: 'H09',
    site: 'H09',
    chair: 'Văn Thị Cẩm Nhung',
    isDeputy: true,
  }),
  committee({
    code: 'H45.21',
    place: 'Tuy An',
    unitName: 'huyện Tuy An',
    tier: 'district',
    parent: 'H45',
    site: 'H45',
    chair: 'Cao Xuân Nguyện',
  }),
  committee({
    code: 'H09.21.001',
    place: 'Phước Hòa',
    unitName: 'xã Phước Hòa',
    tier: 'commune',
    parent: 'H09.21',
    site: 'H09',
    chair: 'Ngô Thị Bạch Huệ',
  }),
  committee({
    code: 'H09.21.002',
    place: 'An Bình',
    unitName: 'xã An Bình',
    tier: 'commune',
    parent: 'H09.21',
    site: 'H09',
    chair: 'Quách Tấn Lộc',
  }),
  committee({
    code: 'H09.22.001',
    place: 'Tân Đông Hiệp',
    unitName: 'phường Tân Đông Hiệp',
    tier: 'commune',
    parent: 'H09.22',
    site: 'H09',
    chair: 'Lâm Ái Vân',
    isDeputy: true,
  }),
  committee({
    code: 'H09.22.002',
    place: 'Đông Hòa',
    unitName: 'phường Đông Hòa',
    tier: 'commune',
    parent: 'H09.22',
    site: 'H09',
    chair: 'Châu Gia Khiêm',
  }),
  committee({
    code: 'H45.21.001',
    place: 'An Ninh Đông',
    unitName: 'xã An Ninh Đông',
    tier: 'commune',
    parent: 'H45.21',
    site: 'H45',
    chair: 'Tô Thị Ngọc Ẩn',
  }),
  committee({
    code: 'H45.21.002',
    place: 'An Chấn',
    unitName: 'xã An Chấn',
    tier: 'commune',
    parent: 'H45.21',
    site: 'H45',
    chair: 'Lưu Quốc Đoàn',
    isDeputy: true,
  }),
];

const byCode = new Map(CAST.map((agency) => [agency.code, agency]));

/** The agency of the cast with this code. */
export function castAgency(code: string): CastAgency {
  const agency = byCode.get(code);
  if (agency === undefined) throw new RangeError(`no agency ${code} in the demo`);
  return agency;
}
