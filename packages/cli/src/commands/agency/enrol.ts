import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { PendingEnrolment, PendingMember } from '@congvan/bus/site';
import { type Command, InvalidArgumentError } from 'commander';

import {
  collectServers,
  type GlobalOptions,
  newArgument,
  newCommand,
  newOption,
  MAX_NAME_LENGTH,
  parseLine,
} from '../../command.ts';
import type { Cli } from '../../context.ts';
import { TIER_NAMES, type TierName } from '../../documents/tier.ts';
import type { AgencyRow } from '../../enrolment/pending.ts';
import { CliError } from '../../errors.ts';
import { readInputFile } from '../../home/input-file.ts';
import { type HomeLayout, layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { renderFields, renderTable } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

interface AgencyEnrolOptions {
  readonly name?: string;
  readonly tier?: TierName;
  readonly site?: string;
  readonly parent?: string;
  readonly locality?: string;
  readonly notation?: string;
  readonly file?: string;
  readonly server?: readonly string[];
  readonly valid: number;
  readonly issueSeal?: true;
  readonly sealCertificate?: string;
  readonly replace?: true;
  readonly out?: string;
  readonly list?: true;
  readonly cancel?: string;
}

const HOUR_MS = 3_600_000;
const MAX_HOURS = 60 * 24;
const MAX_CERTIFICATE_BYTES = 64 * 1024;

/** `congvan agency enrol`: one-time tokens, with which agencies enrol keys of their own. */
export function agencyEnrolCommand(cli: Cli): Command {
  const line = parseLine(cli, MAX_NAME_LENGTH);
  return newCommand(cli, 'enrol', 'agencyEnrol')
    .addArgument(newArgument(cli, '[code]', 'agencyCode'))
    .addOption(newOption(cli, '--name <name>', 'enrolName').argParser(line))
    .addOption(newOption(cli, '--tier <tier>', 'tier').choices(TIER_NAMES))
    .addOption(newOption(cli, '--site <site>', 'site'))
    .addOption(newOption(cli, '--parent <code>', 'parent'))
    .addOption(newOption(cli, '--locality <name>', 'locality').argParser(line))
    .addOption(newOption(cli, '--notation <notation>', 'agencyNotation'))
    .addOption(newOption(cli, '--file <csv>', 'enrolFile'))
    .addOption(newOption(cli, '--server <url>', 'server').argParser(collectServers(cli)))
    .addOption(
      newOption(cli, '--valid <time>', 'tokenLife').argParser(parseLife(cli)).default(72, '72h'),
    )
    .addOption(newOption(cli, '--issue-seal', 'issueSeal'))
    .addOption(newOption(cli, '--seal-certificate <file>', 'sealCertificate'))
    .addOption(newOption(cli, '--replace', 'replaceAgency'))
    .addOption(newOption(cli, '--out <folder>', 'tokenOut'))
    .addOption(newOption(cli, '--list', 'listEnrolments'))
    .addOption(newOption(cli, '--cancel <id>', 'cancelEnrolment'))
    .action(async (code: string | undefined, options: AgencyEnrolOptions, command: Command) => {
      const globals = command.optsWithGlobals<GlobalOptions>();
      const layout = layoutOf(cli, globals);
      if (options.list === true) await listEnrolments(cli, globals, layout);
      else if (options.cancel !== undefined) await cancel(cli, globals, layout, options.cancel);
      else await makeTokens(cli, globals, layout, code, options);
    });
}

function parseLife(cli: Cli): (text: string) => number {
  return (text) => {
    const [, count, unit] = /^(\d{1,4})([hd])$/u.exec(text) ?? [];
    const hours = Number(count) * (unit === 'd' ? 24 : 1);
    if (hours >= 1 && hours <= MAX_HOURS) return hours;
    throw new InvalidArgumentError(cli.messages.enrolment.badDuration);
  };
}

interface MadeToken {
  readonly pending: PendingEnrolment;
  readonly token: string;
  readonly file?: string | undefined;
}

async function makeTokens(
  cli: Cli,
  globals: GlobalOptions,
  layout: HomeLayout,
  code: string | undefined,
  options: AgencyEnrolOptions,
): Promise<void> {
  const { encodeEnrolmentToken } = await import('@congvan/bus');
  const { openPendingEnrolments } = await import('@congvan/bus/site');
  const { pendingFolderOf, requireDesk } = await import('../../enrolment/desk.ts');
  const { readSite } = await import('../../enrolment/registrar.ts');
  const rows = await readRows(cli, code, options);
  const site = await readSite(cli, layout);
  const desk = await requireDesk(cli, layout);
  const members = await checkRows(cli, globals, layout, rows, options);
  const store = openPendingEnrolments(pendingFolderOf(layout));
  const now = cli.now();
  const expiresAt = new Date(now.getTime() + options.valid * HOUR_MS);
  const made: MadeToken[] = [];
  for (const member of members) {
    const { pending, secret } = await store.create(member, { now, expiresAt });
    const token = encodeEnrolmentToken({
      url: desk.url,
      deskKeySha256: desk.keySha256,
      // Agencies pin the root; who registers here stands in its directory.
      registrarSha256: (site.root ?? site).certificate.sha256,
      id: pending.id,
      secret,
      issuesSeal: member.issuesSeal,
    });
    made.push({ pending, token, file: await writeToken(options.out, member.code, token) });
  }
  printTokens(cli, globals, made, options.file !== undefined);
}

async function readRows(
  cli: Cli,
  code: string | undefined,
  options: AgencyEnrolOptions,
): Promise<AgencyRow[]> {
  const { enrolment } = cli.messages;
  if ((code === undefined) === (options.file === undefined)) {
    throw new CliError('CLI_USAGE', enrolment.codeOrFile);
  }
  if (options.file !== undefined) {
    const { readAgencyRows } = await import('../../enrolment/pending.ts');
    return await readAgencyRows(cli, options.file);
  }
  const { name, tier, site, parent, locality, notation } = options;
  if (code === undefined || name === undefined || tier === undefined || site === undefined) {
    throw new CliError('CLI_USAGE', enrolment.detailsWanted);
  }
  return [
    {
      code,
      name,
      tier,
      site,
      ...(parent === undefined ? {} : { parent }),
      ...(locality === undefined ? {} : { locality }),
      ...(notation === undefined ? {} : { notation }),
    },
  ];
}

/** All agencies or none: nothing is written before every one of them is found right. */
async function checkRows(
  cli: Cli,
  globals: GlobalOptions,
  layout: HomeLayout,
  rows: readonly AgencyRow[],
  options: AgencyEnrolOptions,
): Promise<PendingMember[]> {
  const { enrolment, text } = cli.messages;
  const { toPendingMember } = await import('../../enrolment/pending.ts');
  const { readDirectory } = await import('../../enrolment/read-directory.ts');
  const { readSite } = await import('../../enrolment/registrar.ts');
  const { findServers } = await import('../../enrolment/servers.ts');
  const { sealCertificate, issueSeal } = options;
  if (sealCertificate !== undefined && issueSeal === true) {
    throw new CliError('CLI_USAGE', enrolment.oneCertificate);
  }
  const shared = {
    relay: (await readSite(cli, layout)).relay,
    servers: await findServers(cli, layout, options.server),
    issuesSeal: issueSeal === true,
    replaces: options.replace === true,
    ...(sealCertificate === undefined
      ? {}
      : { sealCertificate: await readCertificate(cli, sealCertificate) }),
  };
  const known = new Map((await readDirectory(cli, globals)).map((entry) => [entry.code, entry]));
  const seen = new Set<string>();
  const members: PendingMember[] = [];
  for (const row of rows) {
    const member = await toPendingMember(cli, row, shared);
    const details = { agencyCode: member.code };
    if (seen.has(member.code)) {
      throw new CliError('CLI_USAGE', enrolment.doubleCode(member.code), { details });
    }
    if (known.get(member.code) !== undefined && !member.replaces) {
      const isOut = known.get(member.code)?.natsUserKey === null;
      if (!isOut)
        throw new CliError('CLI_ALREADY_EXISTS', text.agencyExists(member.code), { details });
    }
    if (member.parent !== null && !known.has(member.parent) && !seen.has(member.parent)) {
      const message = text.parentNotFound(member.parent);
      throw new CliError('CLI_AGENCY_NOT_FOUND', message, { details });
    }
    seen.add(member.code);
    members.push(member);
  }
  return members;
}

async function readCertificate(cli: Cli, file: string): Promise<string> {
  const { parseCertificate } = await import('@congvan/signer');
  const { der } = parseCertificate(await readInputFile(cli, file, MAX_CERTIFICATE_BYTES));
  return Buffer.from(der).toString('base64');
}

async function writeToken(
  folder: string | undefined,
  code: PendingMember['code'],
  token: string,
): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const { codeToToken } = await import('@congvan/bus');
  await mkdir(resolve(folder), { recursive: true, mode: 0o700 });
  const file = join(resolve(folder), `${codeToToken(code)}.token`);
  await writeFile(file, `${token}\n`, { mode: 0o600, flush: true });
  return file;
}

function printTokens(
  cli: Cli,
  globals: GlobalOptions,
  made: readonly MadeToken[],
  isList: boolean,
): void {
  const { enrolment, text } = cli.messages;
  const enrolments = made.map(({ pending, token, file }) => ({
    id: pending.id,
    code: pending.member.code,
    expiresAt: pending.expiresAt,
    // Where a file holds it, it stands nowhere else.
    token: file === undefined ? token : undefined,
    file,
  }));
  const [only] = enrolments;
  printResult(cli, globals, isList ? { enrolments } : only, () =>
    isList
      ? renderTable(
          cli.io,
          [
            { title: text.agency },
            { title: enrolment.tokenId },
            { title: enrolment.expires },
            { title: enrolment.token },
          ],
          enrolments.map(({ code, id, expiresAt, token, file }) => {
            return [code, id, formatTime(new Date(expiresAt)), file ?? token ?? ''];
          }),
        )
      : renderFields([
          [text.agency, `${only?.code ?? ''} ${made[0]?.pending.member.name ?? ''}`],
          [enrolment.tokenId, only?.id ?? ''],
          [enrolment.expires, formatTime(new Date(only?.expiresAt ?? 0))],
          only?.file === undefined
            ? [enrolment.token, only?.token ?? '']
            : [enrolment.tokenFile, only.file],
        ]),
  );
  printNote(cli, globals, `${text.note}: ${enrolment.tokenIsSecret}`);
  printNote(cli, globals, `${text.hint}: ${enrolment.enrolHint}`);
}

async function listEnrolments(cli: Cli, globals: GlobalOptions, layout: HomeLayout): Promise<void> {
  const { openPendingEnrolments } = await import('@congvan/bus/site');
  const { pendingFolderOf } = await import('../../enrolment/desk.ts');
  const { enrolment, text } = cli.messages;
  const all = await openPendingEnrolments(pendingFolderOf(layout)).list();
  const enrolments = all.map((pending) => ({
    id: pending.id,
    code: pending.member.code,
    name: pending.member.name,
    state: stateOf(pending, cli.now()),
    createdAt: pending.createdAt,
    expiresAt: pending.expiresAt,
    usedAt: pending.usedAt,
    attempts: pending.attempts,
  }));
  printResult(cli, globals, { enrolments }, () =>
    enrolments.length === 0
      ? `${enrolment.noPending}\n`
      : renderTable(
          cli.io,
          [
            { title: enrolment.tokenId },
            { title: text.agency },
            { title: text.state },
            { title: enrolment.expires },
            { title: enrolment.attempts, align: 'right' },
          ],
          enrolments.map(({ id, code, name, state, expiresAt, attempts }) => {
            const until = formatTime(new Date(expiresAt));
            return [id, `${code} ${name}`, enrolment.states[state], until, attempts];
          }),
        ),
  );
}

function stateOf(
  { state, expiresAt }: PendingEnrolment,
  now: Date,
): PendingEnrolment['state'] | 'expired' {
  const isOver = state !== 'used' && state !== 'cancelled' && new Date(expiresAt) <= now;
  return isOver ? 'expired' : state;
}

async function cancel(
  cli: Cli,
  globals: GlobalOptions,
  layout: HomeLayout,
  id: string,
): Promise<void> {
  const { openPendingEnrolments } = await import('@congvan/bus/site');
  const { pendingFolderOf } = await import('../../enrolment/desk.ts');
  const { enrolment, text } = cli.messages;
  const cancelled = await openPendingEnrolments(pendingFolderOf(layout)).cancel(id);
  if (cancelled === undefined) {
    throw new CliError('CLI_AGENCY_NOT_FOUND', enrolment.notCancelled(id), { details: { id } });
  }
  const { code, name } = cancelled.member;
  printResult(cli, globals, { id, code, state: cancelled.state }, () =>
    renderFields([
      [enrolment.tokenId, id],
      [text.agency, `${code} ${name}`],
      [text.state, enrolment.states.cancelled],
    ]),
  );
}
