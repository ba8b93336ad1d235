import { createHash, hash } from 'node:crypto';

import type { AgencyCode } from '../../agency/code.ts';
import type { Site, Tier } from '../../agency/tier.ts';
import { recordSigningInput } from '../../record/frame.ts';
import type { ReportEntry } from '../../record/payload.ts';
import { Chance } from '../chance.ts';
import type { TrafficAgency } from './country.ts';
import { type TrafficEvent, type TrafficOptions, makeTraffic } from './traffic.ts';

/** A report of an agency's chain, to be signed or taken as if it had been. */
export interface TrafficReport {
  readonly agency: AgencyCode;
  readonly tier: Tier;
  readonly site: Site;
  /** Place of the agency in the country. */
  readonly agencyIndex: number;
  readonly number: number;
  readonly previousHash: string | null;
  readonly payloadHash: string;
  readonly atMs: number;
  /** When the broker stored it; a few come late. */
  readonly storedMs: number;
  readonly payload: Uint8Array;
  readonly entry: ReportEntry;
}

export interface ReportOptions extends TrafficOptions {
  /** Of so many reports one is lost on its way and never comes; 0 for none. 100,000 unless told. */
  readonly oneLostIn?: number;
}

const encoder = new TextEncoder();
const HOUR_MS = 3_600_000;

/** The traffic as chains of reports: a number without gaps and the hash of the report before. */
export function* makeReports(options: ReportOptions): Generator<TrafficReport, void, undefined> {
  const { country, seed, oneLostIn = 100_000 } = options;
  const chance = new Chance(seed ^ 0x5bd1e995);
  const numbers = new Uint32Array(country.length);
  const hashes: (string | undefined)[] = [];
  for (const event of makeTraffic(options)) {
    const { index } = event.agency;
    const number = (numbers[index] ?? 0) + 1;
    const previous = hashes[index] ?? null;
    const report = describe(event, number, previous, chance);
    numbers[index] = number;
    hashes[index] = report.payloadHash;
    if (oneLostIn === 0 || chance.next() * oneLostIn >= 1) yield report;
  }
}

function describe(
  { agency, atMs, entry }: TrafficEvent,
  number: number,
  previousHash: string | null,
  chance: Chance,
): TrafficReport {
  const { code, tier, site, index } = agency;
  // The bytes of `encodePayload`, without checking again what was made correct.
  const said = { from: code, number, previous: previousHash, at: isoTime(atMs), entry };
  const payload = encoder.encode(JSON.stringify(said));
  const isLate = chance.next() < 0.002;
  const delay = isLate ? chance.longTailed(8 * HOUR_MS, 1) : chance.between(40, 900);
  return {
    agency: code,
    tier,
    site,
    agencyIndex: index,
    number,
    previousHash,
    payloadHash: hash('sha256', payload),
    atMs,
    storedMs: Math.floor(atMs + delay),
    payload,
    entry,
  };
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * A record of the size and the entropy of a signed one, for what never verifies it: measurements of
 * storage over millions of records. The CMS is that of an ECDSA node key with random values.
 */
export function imitateRecord(report: TrafficReport, agency: TrafficAgency): Uint8Array {
  const tbs = recordSigningInput('report', report.payload);
  const signer = createHash('sha512').update(agency.code).digest();
  const digest = hash('sha256', tbs, 'buffer');
  const signature = createHash('sha512').update(digest).update('signature').digest();
  const serial = signer.subarray(0, 20);
  const issuer = Buffer.concat([ISSUER, serial]);
  const cms = Buffer.concat([
    CMS_HEAD,
    issuer,
    CMS_ATTRIBUTES,
    digest,
    CMS_CERTIFICATE,
    signer.subarray(20, 52),
    issuer,
    CMS_SIGNATURE,
    signature.subarray(0, 32),
    CMS_SECOND,
    signature.subarray(32),
  ]);
  const bytes = Buffer.alloc(tbs.length + 4 + cms.length);
  bytes.set(tbs, 0);
  bytes.writeUInt32BE(cms.length, tbs.length);
  bytes.set(cms, tbs.length + 4);
  return bytes;
}

const CMS_HEAD = Buffer.from(
  '3082024306092a864886f70d010702a082023530820231020101310d300b0609608648016503040201300b06092a864886f70d0107013182020e3082020a020101308187',
  'hex',
);
const ISSUER = Buffer.from(
  '306f310b300906035504061302564e3131302f060355040a0c28e1bba6792062616e206e68c3a26e2064c3a26e2074e1bb896e68205175e1baa36e67205472e1bb8b312d302b06035504030c2443412063e1baa570207068c3a174207468e1bbad206e676869e1bb876d2073e1bb9120310214',
  'hex',
);
const CMS_ATTRIBUTES = Buffer.from(
  '300b0609608648016503040201a0820117301806092a864886f70d010903310b06092a864886f70d010701302f06092a864886f70d01090431220420',
  'hex',
);
const CMS_CERTIFICATE = Buffer.from(
  '3081ca060b2a864886f70d010910022f3181ba3081b73081b43081b10420',
  'hex',
);
const CMS_SIGNATURE = Buffer.from('300a06082a8648ce3d040302044630440220', 'hex');
const CMS_SECOND = Buffer.from('0220', 'hex');
