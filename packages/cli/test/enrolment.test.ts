import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';

import { openAgent } from '@congvan/node-agent';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTown, PASSPHRASE, type Town, writePdf } from './town.ts';

interface Entry {
  readonly name: string;
  readonly sequence: number;
  readonly certificates: readonly { readonly use: string; readonly sha256: string }[];
}

describe('enrolling an agency', () => {
  let town: Town;
  /** Another authority, as the government's own would be. */
  let outside: Town;
  let sealP12: string;
  let sealCertificate: string;
  let sealSha256: string;
  const add = ['agency', 'add', 'H09', '--tier', 'province', '--site', 'H09'];

  beforeAll(async () => {
    town = await createTown();
    outside = await createTown();
    await town.run(['ca', 'init']);
    await town.run(['bus', 'up', '--detach', '--site', 'H09']);
    await outside.run(['ca', 'init']);
    sealP12 = outside.path('seal.p12');
    const issued = await outside.json<{ serialNumber: string; sha256: string }>([
      'ca',
      'issue',
      '--use',
      'seal',
      '--name',
      'UBND tỉnh Bình Dương',
      '--out',
      sealP12,
    ]);
    sealSha256 = issued.sha256;
    sealCertificate = outside.path('ca', 'issued', `${issued.serialNumber}.crt`);
    await mkdir(outside.path('trust', 'anchors'), { recursive: true });
    const root = await readFile(outside.path('ca', 'root.crt'));
    await writeFile(outside.path('trust', 'anchors', 'root.crt'), root);
  });
  afterAll(async () => {
    await town[Symbol.asyncDispose]();
    await outside[Symbol.asyncDispose]();
  });

  it('leaves nothing behind when a certificate or a folder is wrong', async () => {
    const garbage = town.path('garbage.crt');
    await writeFile(garbage, 'no certificate');
    const named = [...add, '--name', 'x'];
    const bad = await town.run([...named, '--seal-certificate', garbage]);
    expect(bad.code).toBe(9);
    expect((await town.run([...named, '--trust', town.path('none')])).code).toBe(5);
    expect(await readdir(town.home)).not.toContain('enrolment');
    expect(await town.json(['agency', 'list'])).toEqual({ agencies: [] });
  });

  it('takes a seal that another authority issued, and its root', async () => {
    const foreign = ['--seal-certificate', sealCertificate, '--trust', outside.path('trust')];
    const added = await town.run([...add, '--name', 'UBND tỉnh Bình Dương', ...foreign]);
    expect(added.code).toBe(0);
    const bundle = town.path('enrolment', 'H09');
    expect(await readdir(bundle)).not.toContain('seal.p12');
    const { certificates } = await town.json<Entry>(['agency', 'show', 'H09']);
    expect(certificates.find(({ use }) => use === 'seal')?.sha256).toBe(sealSha256);

    const init = ['agent', 'init', '--from', bundle, '--seal-key', sealP12, '--notation', 'UBND'];
    init.push('--thin-line');
    expect(await town.run(init)).toMatchObject({ code: 0 });
    const home = (...names: string[]) => town.path('agents', 'H09', ...names);
    expect(await readFile(home('keys', 'seal.p12'))).toEqual(await readFile(sealP12));
    expect(await readdir(home('trust', 'anchors'))).toHaveLength(2);
    expect(JSON.parse(await readFile(home('agent.json'), 'utf8'))).toMatchObject({
      notation: 'UBND',
      line: { window: 1 },
    });
  });

  it('replaces an entry only when asked to, with new certificates', async () => {
    const before = await town.json<Entry>(['agency', 'show', 'H09']);
    const again = [...add, '--name', 'Tên mới', '--bundle', town.path('second')];
    expect(await town.run(again)).toMatchObject({ code: 6 });
    expect(await town.run([...again, '--replace'])).toMatchObject({ code: 0 });
    const after = await town.json<Entry>(['agency', 'show', 'H09']);
    expect(after).toMatchObject({ name: 'Tên mới', sequence: before.sequence + 1 });
    expect(after.certificates).not.toEqual(before.certificates);
    expect(await town.run([...again, '--replace'])).toMatchObject({ code: 6 });
  });

  it('is refused to a relay and to a bundle without its parts', async () => {
    await mkdir(town.path('broken'));
    await writeFile(town.path('broken', 'bundle.json'), '{"role":"agency","code":"H09"}');
    const init = ['agent', 'init', '--from', town.path('broken')];
    const broken = await town.run(init);
    expect(broken.code).toBe(9);
    expect(broken.err).toContain("'servers' is missing");
    const settings = { code: 'H45', name: 'x', tier: 'province', site: 'H45', notation: 'x' };
    const relay = { ...settings, role: 'relay', servers: ['nats://127.0.0.1:1'] };
    await writeFile(town.path('broken', 'bundle.json'), JSON.stringify(relay));
    expect((await town.run(init)).err).toContain("lacks 'agent.creds'");
  });

  it('can send before its agent has run, and void a number whose draft was given up', async () => {
    await town.run(['bus', 'up', '--detach', '--site', 'H09']);
    const ministry = ['agency', 'add', 'H09.2', '--name', 'Sở Nội vụ', '--tier', 'province'];
    const commune = ['agency', 'add', 'H09.1', '--name', 'UBND xã', '--tier', 'commune'];
    for (const entry of [ministry, commune]) {
      expect(await town.run([...entry, '--site', 'H09'])).toMatchObject({ code: 0 });
    }
    const init = ['agent', 'init', '--from', town.path('enrolment', 'H09-1')];
    expect(await town.run(init)).toMatchObject({ code: 0 });
    const at = ['--agency', 'H09.1'];
    const pdf = await writePdf(town.path('a.pdf'));
    const send = ['send', pdf, '--to', 'H09.2', '--type', 'BC', '--abstract', 'x'];
    const sent = await town.run([...send, ...at]);
    expect(sent).toMatchObject({ code: 0 });
    expect(sent.err).toContain('agent is not running');

    const draft = { name: 'b.pdf', pdf: async () => Promise.reject(new Error('given up')) };
    // With a key the number stays reserved: the same key may come again.
    const named = { idempotencyKey: 'y', abstract: 'y', documentType: 'Báo cáo' };
    const request = { ...named, to: ['H09.2'], document: draft };
    const passphrase = { node: async () => PASSPHRASE, seal: async () => PASSPHRASE };
    {
      await using agent = await openAgent({
        home: town.path('agents', 'H09-1'),
        mode: 'desk',
        passphrase,
      });
      await expect(agent.send(request)).rejects.toThrow('given up');
    }
    const voiding = ['register', 'void', '--reason', 'thảo nhầm', ...at];
    expect(await town.run([...voiding, '1'])).toMatchObject({ code: 6 });
    expect(await town.run([...voiding, '3'])).toMatchObject({ code: 5 });
    expect(await town.run([...voiding, '0'])).toMatchObject({ code: 2 });
    expect(await town.run([...voiding, '2', '--year', '2001'])).toMatchObject({ code: 5 });
    expect(await town.json([...voiding, '02/UBND-VP'])).toMatchObject({ number: 2, state: 'void' });
    const { entries } = await town.json<{ entries: unknown[] }>(['register', 'list', ...at]);
    expect(entries[1]).toMatchObject({ number: 2, state: 'void', voidReason: 'thảo nhầm' });
    expect(await town.run([...voiding, '2'])).toMatchObject({ code: 6 });
  });

  it('does not write a revocation list over another file', async () => {
    const file = await writePdf(town.path('letter.pdf'));
    expect(await town.run(['ca', 'crl', '--out', file])).toMatchObject({ code: 6 });
    expect((await readFile(file)).subarray(0, 5).toString()).toBe('%PDF-');
    const list = ['ca', 'crl', '--out', town.path('list.crl')];
    expect(await town.run(list)).toMatchObject({ code: 0 });
    expect(await town.run(list)).toMatchObject({ code: 0 });
  });
});
