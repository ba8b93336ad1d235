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
});
