import { expect, it } from 'vitest';

import { connectAgency } from '../../src/broker/agency-connection.ts';
import { startPlan } from '../../src/testing/start-plan.ts';
import { parseAgencyCode } from '../../src/agency/code.ts';
import { connectSite } from '../../src/broker/site-connection.ts';
import { mintSiteCredentials } from '../../src/site/credentials.ts';

it('a site service whose answer fails stays silent once, says why, and hears the next one', async () => {
  await using bus = await startPlan({ plan: 'flat', sites: ['H09'], centralServers: 1 });
  const { entry, credentials } = await bus.addAgency({ code: 'H09.12', site: 'H09' });
  await bus.service('H09').close();
  await using site = await connectSite({
    servers: bus.url('H09'),
    credentials: await mintSiteCredentials(bus.operator('bus'), new Date()),
  });
  const told: string[] = [];
  const damaged = parseAgencyCode('H09.13');
  site.answerDirectory(
    (subject) => {
      if (subject.endsWith('H09-13')) throw new Error('a file of the directory is gone');
      return { data: new TextEncoder().encode('an entry') };
    },
    (error) => told.push(error.message),
  );
  await using agency = await connectAgency({
    servers: bus.url('H09'),
    credentials,
    code: entry.code,
    site: 'H09',
    name: 'test',
  });
  const lost = agency.getDirectoryEntry(damaged).catch((error: unknown) => error);
  const found = await agency.getDirectoryEntry(entry.code);
  expect(new TextDecoder().decode(found)).toBe('an entry');
  expect(told).toEqual(['a file of the directory is gone']);
  await agency.close();
  expect(await lost).toBeInstanceOf(Error);
});
