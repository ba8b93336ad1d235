import { type AgencyCode, parseAgencyCode } from '../../agency/code.ts';
import type { Site, Tier } from '../../agency/tier.ts';
import type { DirectoryEntry } from '../../directory/entry.ts';
import { Chance } from '../chance.ts';

/** An agency of the made-up country. */
export interface TrafficAgency {
  readonly code: AgencyCode;
  readonly name: string;
  readonly tier: Tier;
  readonly parent: TrafficAgency | null;
  readonly children: TrafficAgency[];
  readonly site: Site;
  /** Place in the list of the country. */
  readonly index: number;
  /** How much it writes beside others of the country; a ministry writes a hundred times as much as a commune. */
  readonly weight: number;
  /** Of its documents so many still leave on paper only, from 0 to 1. */
  readonly paperHabit: number;
  /** How much slower than others it answers. */
  readonly slowness: number;
}

const PROVINCES = 63;
const WEIGHTS = { central: 100, province: 40, department: 20, district: 12, commune: 3 } as const;
const PLACES = [
  'An Bình',
  'Bình Minh',
  'Đại Thắng',
  'Hòa Lạc',
  'Khánh Hậu',
  'Long Phước',
  'Yên Sở',
];
const MINISTRIES = ['Bộ Nội vụ', 'Bộ Tài chính', 'Bộ Y tế', 'Bộ Xây dựng', 'Thanh tra Chính phủ'];
const DEPARTMENTS = ['Sở Nội vụ', 'Sở Tài chính', 'Sở Y tế', 'Sở Xây dựng', 'Sở Giáo dục'];

/**
 * A country with agencies of all four tiers: ministries; provinces with their departments, which
 * stand in the tier of the province; districts; communes. The same count and seed give the same one.
 *
 * @param count - at least 8.
 */
export function makeCountry(count: number, seed: number): readonly TrafficAgency[] {
  const country = new Country(seed);
  const provinceCount = Math.max(2, Math.min(PROVINCES, Math.round(count / 60)));
  const centralCount = Math.max(1, Math.min(40, Math.round(count / 300)));
  for (let index = 0; index < centralCount; index += 1) {
    const name = `${MINISTRIES[index % MINISTRIES.length]} ${index + 1}`;
    country.add(`G${pad(index + 1, 2)}`, name, 'central', null, WEIGHTS.central);
  }
  const provinces = Array.from({ length: provinceCount }, (_, index) =>
    country.add(`H${pad(index + 1, 2)}`, `Tỉnh ${index + 1}`, 'province', null, WEIGHTS.province),
  );
  const perProvince = (count - centralCount - provinceCount) / provinceCount;
  const departments = Math.min(20, Math.floor(perProvince / 8));
  const districts = Math.max(1, Math.min(11, Math.round(perProvince / 12)));
  for (const province of provinces) {
    for (let index = 0; index < departments; index += 1) {
      const name = `${DEPARTMENTS[index % DEPARTMENTS.length]} ${province.name} ${index + 1}`;
      const code = `${province.code}.${pad(index + 1, 2)}`;
      country.add(code, name, 'province', province, WEIGHTS.department);
    }
    for (let index = 0; index < districts && country.size < count; index += 1) {
      const place = PLACES[index % PLACES.length];
      const code = `${province.code}.${40 + index}`;
      country.add(code, `Huyện ${place} ${province.code}`, 'district', province, WEIGHTS.district);
    }
  }
  country.fillWithCommunes(count);
  return country.agencies;
}

/** As the registrar would sign it. */
export function entryOf(
  agency: TrafficAgency,
  change: Pick<DirectoryEntry, 'registrar' | 'sequence'> & Partial<DirectoryEntry>,
): DirectoryEntry {
  const { code, name, tier, parent, site } = agency;
  return {
    code,
    name,
    tier,
    parent: parent?.code ?? null,
    site,
    role: 'agency',
    validFrom: '2020-01-01T00:00:00.000Z',
    validTo: null,
    oldCodes: [],
    predecessors: [],
    successors: [],
    certificates: [],
    natsUserKey: null,
    ...change,
  };
}

class Country {
  readonly agencies: TrafficAgency[] = [];
  readonly #chance: Chance;

  constructor(seed: number) {
    this.#chance = new Chance(seed);
  }

  get size(): number {
    return this.agencies.length;
  }

  add(
    code: string,
    name: string,
    tier: Tier,
    parent: TrafficAgency | null,
    weight: number,
  ): TrafficAgency {
    const chance = this.#chance;
    const agency: TrafficAgency = {
      code: parseAgencyCode(code),
      name,
      tier,
      parent,
      children: [],
      site: tier === 'central' ? 'TW' : (code.split('.')[0] ?? code),
      index: this.agencies.length,
      weight: chance.longTailed(weight, 0.6),
      paperHabit: Math.min(0.6, chance.longTailed(tier === 'commune' ? 0.12 : 0.05, 1)),
      slowness: chance.longTailed(1, 0.8),
    };
    parent?.children.push(agency);
    this.agencies.push(agency);
    return agency;
  }

  fillWithCommunes(count: number): void {
    const districts = this.agencies.filter(({ tier }) => tier === 'district');
    for (let index = 0; this.size < count; index += 1) {
      const district = districts[index % districts.length];
      if (district === undefined) throw new RangeError('a country needs at least 8 agencies');
      const number = Math.floor(index / districts.length) + 1;
      const name = `Xã ${PLACES[number % PLACES.length]} ${number}, ${district.name}`;
      this.add(`${district.code}.${pad(number, 3)}`, name, 'commune', district, WEIGHTS.commune);
    }
  }
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}
