import { expect, it } from 'vitest';

import { connectAgency, parseAgencyCode } from '../../src/index.ts';
import { startPlan } from '../../src/testing/start-plan.ts';
import { waitUntil } from '../../src/testing/wait-until.ts';
import {
  PROVINCE,
  PROVINCE_REGISTRAR,
  ROOT,
  ROOT_REGISTRAR,
  delegationDraft,
  draft,
  openReader,
  provinceKey,
} from '../directory/registrars.ts';

const ARRIVAL_MS = 30_000;
const WARD = parseAgencyCode('H09.12.7');

it('carries the entries of a delegated registrar to the other sites, and what ends it', async () => {
  await using bus = await startPlan({
    plan: 'federated',
    sites: ['TW', 'H09'],
    centralServers: 1,
    registrars: { TW: ROOT_REGISTRAR, H09: PROVINCE_REGISTRAR },
  });
  const root = bus.service('TW').enrolment.registry;
  const province = bus.service('H09').enrolment.registry;
  // Nothing is delegated yet: the registrar hears it before anything is signed.
  await expect(bus.addAgency({ code: WARD, site: 'H09' })).rejects.toMatchObject({
    code: 'BUS_DIRECTORY_NOT_DELEGATED',
  });
  await root.append(delegationDraft('H09', provinceKey));
  await bus.service('TW').refresh();
  await waitUntil(() => province.copy.registrars().has(PROVINCE), ARRIVAL_MS);

  await bus.addAgency({ code: WARD, site: 'H09' });
  const ministry = await bus.addAgency({ code: 'G09', site: 'TW' });
  await using connection = await connectAgency({
    servers: bus.urls('TW'),
    credentials: ministry.credentials,
    code: ministry.entry.code,
    site: 'TW',
    name: 'test',
  });
  const { copy, reader } = openReader(connection);
  await waitUntil(async () => {
    await reader.readOn();
    return copy.find(WARD)?.registrar === PROVINCE;
  }, ARRIVAL_MS);
  expect(copy.readUpTo(ROOT)).toBe(2);
  const found = await connection.getDirectoryEntry(WARD);
  expect(new Uint8Array(found ?? [])).toEqual(new Uint8Array(province.newest(WARD)?.record ?? []));

  bus.cutLink('H09');
  // The province goes on alone; what it signs comes when the line is back.
  await bus.addAgency({ code: 'H09.12.8', site: 'H09' });
  await root.append(draft(WARD, 'H09', { name: 'as the root says' }));
  await bus.service('TW').refresh();
  bus.healLink('H09');
  await waitUntil(async () => {
    await reader.readOn();
    return copy.readUpTo(PROVINCE) === 2;
  }, ARRIVAL_MS);
  expect(copy.find(WARD)?.name).toBe('as the root says');
  await waitUntil(() => province.newest(WARD)?.entry.registrar === ROOT, ARRIVAL_MS);

  await root.append(delegationDraft('H09', provinceKey, 1));
  await bus.service('TW').refresh();
  await waitUntil(() => province.copy.registrars().get(PROVINCE)?.lastSequence === 1, ARRIVAL_MS);
  await expect(bus.addAgency({ code: 'H09.12.9', site: 'H09' })).rejects.toMatchObject({
    code: 'BUS_DIRECTORY_NOT_DELEGATED',
  });
  await reader.readOn();
  expect(copy.find(parseAgencyCode('H09.12.8'))).toBeUndefined();
});
