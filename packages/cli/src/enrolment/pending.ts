import { parse } from 'csv-parse/sync';

import type { PendingMember } from '@congvan/bus/site';

import type { Cli } from '../context.ts';
import { isTierName } from '../documents/tier.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../home/input-file.ts';

/** About as many as a large province has agencies; a country enrols province by province. */
const MAX_ROWS = 5_000;
const MAX_CSV_BYTES = 4 * 1024 * 1024;

/** What one line says of an agency; the rest comes from options. */
export interface AgencyRow {
  readonly code: string;
  readonly name: string;
  readonly tier: string;
  readonly site: string;
  readonly parent?: string;
  readonly locality?: string;
  readonly notation?: string;
  /** Separated by blanks. */
  readonly oldCodes?: string;
}

/** What all agencies of one command share. */
export interface SharedSettings {
  readonly relay: PendingMember['relay'];
  readonly servers: readonly string[];
  readonly issuesSeal: boolean;
  readonly sealCertificate?: string;
  readonly replaces: boolean;
}

const COLUMNS = [
  'code',
  'name',
  'tier',
  'site',
  'parent',
  'locality',
  'notation',
  'oldCodes',
] as const;

/** Reads a list of agencies: CSV with a header line that names the columns, in any order. */
export async function readAgencyRows(cli: Cli, file: string): Promise<AgencyRow[]> {
  const bytes = await readInputFile(cli, file, MAX_CSV_BYTES);
  const wrong = (why: string, cause?: unknown): CliError =>
    new CliError('CLI_FILE_UNREADABLE', cli.messages.enrolment.badList(file, why), {
      cause,
      details: { file },
    });
  let rows: unknown;
  try {
    rows = parse(Buffer.from(bytes), {
      bom: true,
      columns: true,
      trim: true,
      skip_empty_lines: true,
    });
  } catch (cause) {
    throw wrong(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!Array.isArray(rows) || rows.length === 0) throw wrong(cli.messages.enrolment.emptyList);
  if (rows.length > MAX_ROWS)
    throw wrong(cli.messages.enrolment.tooManyRows(rows.length, MAX_ROWS));
  return rows.map((row: unknown, index) => {
    const cell = (name: (typeof COLUMNS)[number]): string => cellOf(row, name);
    for (const name of ['code', 'name', 'tier', 'site'] as const) {
      if (cell(name) === '') throw wrong(cli.messages.enrolment.missingCell(index + 2, name));
    }
    const optional = ['parent', 'locality', 'notation', 'oldCodes'] as const;
    const more = Object.fromEntries(
      optional.filter((name) => cell(name) !== '').map((name) => [name, cell(name)]),
    );
    return {
      code: cell('code'),
      name: cell('name'),
      tier: cell('tier'),
      site: cell('site'),
      ...more,
    };
  });
}

function cellOf(row: unknown, name: string): string {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, name)) return '';
  const value: unknown = Reflect.get(row, name);
  return typeof value === 'string' ? value.normalize('NFC') : '';
}

/**
 * Checks one agency.
 *
 * @throws {@link CliError} `CLI_USAGE`; BusError `BUS_AGENCY_CODE_INVALID`, `BUS_SITE_INVALID`.
 */
export async function toPendingMember(
  cli: Cli,
  row: AgencyRow,
  shared: SharedSettings,
): Promise<PendingMember> {
  const { parseAgencyCode, parseSite } = await import('@congvan/bus');
  const { tier, parent, locality } = row;
  if (!isTierName(tier)) {
    throw new CliError('CLI_USAGE', cli.messages.enrolment.badTier(row.code, tier));
  }
  return {
    code: parseAgencyCode(row.code),
    name: row.name,
    tier,
    site: parseSite(row.site),
    parent: parent === undefined ? null : parseAgencyCode(parent),
    oldCodes: row.oldCodes?.split(/\s+/u).filter((code) => code !== '') ?? [],
    notation: row.notation ?? cli.messages.text.defaultNotation,
    ...(locality === undefined ? {} : { locality }),
    ...(shared.relay === undefined ? {} : { relay: shared.relay }),
    servers: [...shared.servers],
    issuesSeal: shared.issuesSeal,
    ...(shared.sealCertificate === undefined ? {} : { sealCertificate: shared.sealCertificate }),
    replaces: shared.replaces,
  };
}
