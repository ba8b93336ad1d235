import { parseAgencyCode } from '@congvan/bus';
import { openRegistry } from '@congvan/bus/site';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Town, createTown } from './town.ts';

interface Shown {
  readonly registrar: string;
  readonly role: string;
  readonly validTo: string | null;
  readonly delegation?: { readonly sites: string[]; readonly lastSequence: number | null };
  readonly certificates: readonly { readonly use: string; readonly sha256: string }[];
}

describe('delegating to a registrar', () => {
  let centre: Town;
  let province: Town;
  const delegate = ['agency', 'delegate', 'H09', '--to', 'H09.DK'];

  beforeAll(async () => {
    centre = await createTown();
    province = await createTown();
    await centre.run(['ca', 'init']);
    const rootCertificate = centre.path('site', 'registrar.crt');
    const init = ['ca', 'init', '--registrar', 'H09.DK', '--root-certificate', rootCertificate];
    await province.run(init);
  });
  afterAll(async () => {
    await centre[Symbol.asyncDispose]();
    await province[Symbol.asyncDispose]();
  });

  it('needs the certificate of a registrar that is new', async () => {
    expect((await centre.run(delegate)).code).toBe(2);
    expect(await centre.json(['agency', 'list'])).toEqual({ agencies: [] });
  });

  it('says for which sites, shows it, and ends it at an entry', async () => {
    const certificate = province.path('site', 'registrar.crt');
    const given = await centre.json<{ sites: string[]; certificates: string[] }>([
      ...delegate,
      '--certificate',
      certificate,
      '--also-site',
      'H10',
    ]);
    expect(given.sites).toEqual(['H09', 'H10']);
    const show = async () => await centre.json<Shown>(['agency', 'show', 'H09.DK']);
    expect(await show()).toMatchObject({
      role: 'registrar',
      registrar: 'TW',
      delegation: { sites: ['H09', 'H10'], lastSequence: null },
      certificates: [{ use: 'registrar', sha256: given.certificates[0] }],
    });
    await centre.run([...delegate, '--end', '--last', '7']);
    const ended = await show();
    expect(ended.delegation).toEqual({ sites: ['H09'], lastSequence: 7 });
    expect(ended.validTo).not.toBeNull();
  });

  it('lets the province sign nothing before the delegation has reached it', async () => {
    const { code, err } = await province.run([
      'agency',
      'delegate',
      'H09',
      '--to',
      'H09.X',
      '--certificate',
      province.path('site', 'registrar.crt'),
    ]);
    expect(code).not.toBe(0);
    expect(err).toContain('H09.DK');
  });

  it('moves an agency, and closes one with its successor named on both', async () => {
    const registry = await openRegistry({
      folder: centre.path('site', 'directory'),
      registrar: parseAgencyCode('TW'),
      sign: async () => new TextEncoder().encode('nobody looks at it here'),
    });
    for (const code of ['H44.1', 'H44.2'].map(parseAgencyCode)) {
      await registry.append({
        code,
        name: `Agency ${code}`,
        tier: 'district',
        parent: null,
        site: 'H44',
        role: 'agency',
        validFrom: '2026-01-01T00:00:00.000Z',
        validTo: null,
        oldCodes: [],
        predecessors: [],
        successors: [],
        certificates: [],
        natsUserKey: null,
      });
    }
    await centre.json(['agency', 'move', 'H44.1', '--site', 'H09']);
    await centre.json(['agency', 'close', 'H44.2', '--successor', 'H44.1']);
    expect(await centre.json(['agency', 'show', 'H44.1'])).toMatchObject({
      site: 'H09',
      predecessors: ['H44.2'],
      validTo: null,
    });
    const closed = await centre.json<Shown>(['agency', 'show', 'H44.2']);
    expect(closed).toMatchObject({ site: 'H44', successors: ['H44.1'] });
    expect(closed.validTo).not.toBeNull();
    expect((await centre.run(['agency', 'close', 'H44.9'])).code).not.toBe(0);
  });
});
