import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';

import {
  accountImports,
  relayImports,
  storeExports,
  type AccountImport,
} from '../../src/permission/account.ts';
import { leafPermissions } from '../../src/permission/leaf.ts';
import { centrePermissions, sitePermissions } from '../../src/permission/site.ts';
import {
  type UserPermissions,
  agencyTemplate,
  claimsPermissions,
  monitorPermissions,
  relayPermissions,
} from '../../src/permission/user.ts';
import { parseAgencyCode } from '../../src/agency/code.ts';
import {
  type Attack,
  CARRIERS,
  LISTEN_ATTACKS,
  PUBLISH_ATTACKS,
  REPLY_TARGETS,
  ROLES,
  outcomeOf,
} from './attacks.ts';
import { DELIVER_TARGETS, LEAF_ATTACKS, UNHEARD } from './leaf-attacks.ts';

const FILE = fileURLToPath(new URL('../../../../docs/reference/permissions.md', import.meta.url));
const SITE = 'H09';

const BLOCKS: Readonly<Record<string, string>> = {
  exports: table(
    ['subject', 'kind', 'answers'],
    storeExports().map(({ subject, type, responseType }) => [
      code(subject),
      type,
      responseType === 'Stream' ? 'many' : responseType === 'Singleton' ? 'one' : 'none',
    ]),
  ),
  'agency-imports': importList(accountImports(SITE)),
  'relay-imports': importList(relayImports()),
  agency: rights(agencyTemplate(SITE)),
  relay: rights(relayPermissions(parseAgencyCode('A00.1'), 'TW')),
  site: rights(sitePermissions([SITE])),
  centre: rights(centrePermissions()),
  leaf: rights(leafPermissions(SITE)),
  claims: rights(claimsPermissions()),
  monitor: rights(monitorPermissions()),
  'publish-attacks': matrix(PUBLISH_ATTACKS),
  'listen-attacks': matrix(LISTEN_ATTACKS),
  carriers: table(
    ['who', 'whose answer', 'request', 'effect on others'],
    CARRIERS.map(({ role, name, subject }) => [role, name, code(subject), 'none']),
  ),
  targets: list(REPLY_TARGETS),
  'leaf-attacks': table(
    ['what it tries', 'subject', 'outcome'],
    LEAF_ATTACKS.map(({ name, subject, allowed }) => [
      name,
      code(subject),
      allowed ? 'allowed' : 'nothing',
    ]),
  ),
  'deliver-targets': list(DELIVER_TARGETS),
  unheard: list(UNHEARD),
};

it('docs/reference/permissions.md says what the code does and the matrix has shown', async () => {
  const current = await readFile(FILE, 'utf8');
  const filled = Object.entries(BLOCKS).reduce(fill, current);
  const expected = await format(filled, { ...(await resolveConfig(FILE)), parser: 'markdown' });
  if (process.env['UPDATE_REFERENCE'] === '1') await writeFile(FILE, expected);
  expect(await readFile(FILE, 'utf8')).toBe(expected);
});

function fill(page: string, [name, content]: [string, string]): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  expect(from, `${begin} stands in the page`).toBeGreaterThan(-1);
  expect(to, `${end} comes after its beginning`).toBeGreaterThan(from);
  return `${page.slice(0, from + begin.length)}\n\n${content}\n\n${page.slice(to)}`;
}

function matrix(attacks: readonly Attack[]): string {
  const rows = attacks.map((attack) => [
    attack.name,
    code(attack.subject),
    ...ROLES.map((role) => outcomeOf(attack, role)),
  ]);
  return table(
    ['what', 'subject', 'agency of the site', 'of another site', 'revoked', 'relay'],
    rows,
  );
}

function rights(permissions: UserPermissions): string {
  const { publish, subscribe, responses, maxSubscriptions, maxPayloadBytes, link } = permissions;
  const limit = (value: number, unit: string) => (value === -1 ? 'any' : `${value}${unit}`);
  const answers = responses === undefined ? 'none' : `${responses.max} per request`;
  return `Publish:

${list(publish)}

Subscribe:

${list(subscribe)}

Subscriptions: ${limit(maxSubscriptions, '')} · message: ${limit(maxPayloadBytes, ' bytes')} · answers: ${answers} · connects as: ${link ?? 'client'}`;
}

function importList(imports: readonly AccountImport[]): string {
  return list(
    imports.map(({ subject, type }) => (type === 'stream' ? `${subject} (stream)` : subject)),
  );
}

function list(subjects: readonly string[]): string {
  return ['```text', ...subjects, '```'].join('\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function code(subject: string): string {
  return `\`${subject.replace(/a{64}/, 'SHA256')}\``;
}
