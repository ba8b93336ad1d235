import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  BusError,
  connectRelay,
  createNatsKey,
  findNatsServer,
  parseAgencyCode,
} from '@congvan/bus';
import { waitUntil } from '@congvan/bus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type Outcome, runCli } from './run-cli.ts';
import { PASSPHRASE, createTown, readJson } from './town.ts';

interface Finding {
  readonly code: string;
  readonly state: string;
}

describe('congvan bus plan, apply, status and doctor', () => {
  let folder: string;
  let out: string;
  let file: string;
  let description: string;
  let client: number;
  let server: ReturnType<typeof spawn> | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-cli-plan-'));
    out = join(folder, 'bus');
    file = join(folder, 'bus.yaml');
    const [cluster, leaf, monitor] = await Promise.all([freePort(), freePort(), freePort()]);
    client = await freePort();
    const { version } = await findNatsServer();
    description = `name: tinh
plan: flat
server: ${version}
servers:
  - { name: n1, host: 127.0.0.1, client: ${client}, cluster: ${cluster}, leaf: ${leaf}, monitor: ${monitor}, data: ${folder}/data, disk: 10GB }
sites: [{ code: H09 }]
relays: [{ code: H09.RELAY, site: H09 }]
`;
    await writeFile(file, description);
  });
  afterAll(async () => {
    server?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  const run = async (...argv: string[]): Promise<Outcome> =>
    await runCli(['--home', join(folder, 'home'), '--lang', 'en', ...argv]);

  it('write the files of a bus once, and show what would change', async () => {
    const first = await run('bus', 'plan', file, '--out', out);
    expect(first).toMatchObject({ code: 0 });
    expect(first.err).toContain('congvan bus apply');
    expect((await run('bus', 'plan', file, '--out', out, '--check')).code).toBe(0);
    await writeFile(file, description.replace('10GB', '12GB'));
    const check = await run('bus', 'plan', file, '--out', out, '--check');
    expect(check.code).toBe(6);
    expect(check.out).toContain('+   max_file_store: 8400000000');
    expect(await readFile(join(out, 'servers/n1/nats-server.conf'), 'utf8')).toContain(
      '7000000000',
    );
    await writeFile(file, description);
  });

  it('name the line that is wrong, and a folder that holds no plan', async () => {
    const wrong = join(folder, 'wrong.yaml');
    await writeFile(wrong, description.replace('disk: 10GB', 'disk: much'));
    const refused = await run('bus', 'plan', wrong, '--out', join(folder, 'none'));
    expect(refused).toMatchObject({ code: 9 });
    expect(refused.err).toContain('line 5: servers.0.disk');
    expect(await run('bus', 'apply', join(folder, 'none'))).toMatchObject({ code: 5 });
    expect(await run('bus', 'apply', out, '--place', 'H44')).toMatchObject({ code: 2 });
  });

  it('say that nothing answers before the server runs, and set it up when it does', async () => {
    const early = await run('bus', 'apply', out);
    expect(early).toMatchObject({ code: 7 });
    const missing = await run('--json', 'bus', 'doctor', out);
    expect(missing.code).toBe(6);
    expect(findingsOf(missing).map(({ code }) => code)).toEqual(['unreachable']);

    const { path } = await findNatsServer();
    const config = join(out, 'servers/n1/nats-server.conf');
    server = spawn(path, ['-c', config], { stdio: 'ignore' });
    await waitUntil(async () => (await run('bus', 'apply', out, '--dry-run')).code === 0);
    expect((await run('bus', 'apply', out, '--dry-run')).out).toContain('would be made');
    expect((await run('bus', 'apply', out)).out).toContain('IN_H09');
    expect((await run('bus', 'apply', out)).out).toContain('as planned');

    const status = await run('bus', 'status', out);
    expect(status.code).toBe(0);
    expect(status.out).toContain('BLOB_H09');
    const doctor = await run('--json', 'bus', 'doctor', out);
    expect(doctor.code).toBe(0);
    expect(findingsOf(doctor).filter(({ code }) => code === 'probe')).toHaveLength(1);
    // Nobody was entered yet: the site service may not have begun.
    expect(findingsOf(doctor)).toContainEqual(
      expect.objectContaining({ code: 'site-service-silent', state: 'warn' }),
    );
    expect((await run('--lang', 'vi', 'bus', 'doctor', out)).out).toContain('ghi và đọc lại');
  });

  it('fail on the presence file of a site service that no longer writes it', async () => {
    const site = join(folder, 'home/site');
    await mkdir(site, { recursive: true });
    const presence = { writtenMs: Date.now() - 600_000, present: 1, silent: [], conditions: {} };
    await writeFile(join(site, 'presence.json'), JSON.stringify(presence));
    const doctor = await run('--json', 'bus', 'doctor', out);
    expect(doctor.code).toBe(6);
    const failed = findingsOf(doctor).filter(({ state }) => state === 'fail');
    expect(failed.map(({ code }) => code)).toEqual(['presence-old']);
    expect((await run('bus', 'doctor', out)).out).toContain('10 minutes ago');
    await rm(site, { recursive: true });
  });

  it('tell a disk that stands on another machine from one that was looked at', async () => {
    const disksOf = async (): Promise<string[]> =>
      findingsOf(await run('--json', 'bus', 'doctor', out))
        .map(({ code }) => code)
        .filter((code) => code.startsWith('disk'));
    expect(await disksOf()).toEqual(['disk']);
    const elsewhere = description.replace(`data: ${folder}/data`, `data: ${folder}/elsewhere`);
    await writeFile(join(out, 'plan.yaml'), elsewhere);
    expect(await disksOf()).toEqual(['disk-elsewhere']);
    expect((await run('bus', 'doctor', out)).out).toContain('df ');
    await writeFile(join(out, 'plan.yaml'), description);
  });

  it('shut an agency out and replace a lost signing key, where the keys of the plan are', async () => {
    const userKey = createNatsKey('user').publicKey;
    const unknown = await run('bus', 'revoke', out, 'H09.01');
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.err).toContain('--user-key');
    const named = ['--user-key', userKey, '--site', 'H09'];
    const revoked = await run('--json', 'bus', 'revoke', out, 'H09.01', ...named);
    expect(revoked.code).toBe(0);
    expect(JSON.parse(revoked.out)).toMatchObject({ userKey, servers: [{ done: true }] });
    expect(await readdir(join(out, 'keys/bus/revoked/AGENCY_H09'))).toEqual([userKey]);

    const file = join(out, 'sites/H09/home/bus/operator/AGENCY_H09.signer.json');
    const before = await readFile(file, 'utf8');
    const rotated = await run('bus', 'rotate-signer', out, 'H09');
    expect(rotated).toMatchObject({ code: 0 });
    expect(rotated.err).toContain('agency enrol --replace');
    expect(await readFile(file, 'utf8')).not.toBe(before);
    expect(await run('bus', 'rotate-signer', out, 'H44')).toMatchObject({ code: 2 });
    expect(await run('centre', 'run')).toMatchObject({ code: 5 });
  });

  it('shut an agency out whose province had begun without the keys of the operator', async () => {
    const home = join(folder, 'province');
    await cp(join(out, 'sites/H09/home'), home, { recursive: true });
    const env = { CONGVAN_PASSPHRASE: PASSPHRASE };
    const province = async (...argv: string[]): Promise<Outcome> =>
      await runCli(['--home', home, '--lang', 'en', ...argv], { env });
    await province('ca', 'init', '--registrar', 'H09');
    await province('agency', 'add', 'H09.47', '--name', 'Xã', '--tier', 'commune', '--site', 'H09');
    const revoke = ['agency', 'revoke', 'H09.47', '--reason', 'keyCompromise', '--json'];
    const begun = await province(...revoke);
    expect(begun).toMatchObject({ code: 7 });
    const { natsUserKey } = readJson<{ natsUserKey: string }>(begun.out);
    // The entry has lost its key by then; the broker has to hear of it all the same.
    expect(await province(...revoke, '--plan', out)).toMatchObject({ code: 0 });
    expect(await readdir(join(out, 'keys/bus/revoked/AGENCY_H09'))).toContain(natsUserKey);

    // Keys out of the safe know nothing of it. The server does, and so does the home that shut it out.
    const revoked = join(out, 'keys/bus/revoked/AGENCY_H09');
    await rm(join(revoked, natsUserKey));
    expect(await run('bus', 'apply', out)).toMatchObject({ code: 0 });
    expect(await readdir(revoked)).toContain(natsUserKey);
    await rm(join(revoked, natsUserKey));
    await province('bus', 'apply', out);
    expect(await readdir(revoked)).toContain(natsUserKey);
    // A directory that cannot be read keeps nobody from being shut out.
    await writeFile(join(home, 'site', 'directory', '00000001.rec'), 'damaged');
    const named = ['--user-key', createNatsKey('user').publicKey, '--site', 'H09'];
    const again = await province('bus', 'revoke', out, 'H09.48', ...named);
    expect(again.code).toBe(0);
    expect(again.err).toContain('directory entry 1');
    expect(again.err).toContain('nats-server.conf');
  });

  it('shut out a relay, and whoever has what lay on the machines of a site', async () => {
    const url = `nats://127.0.0.1:${client}`;
    const isLetIn = async (credentials: Uint8Array): Promise<boolean> => {
      const relay = { code: parseAgencyCode('H09.RELAY'), site: 'H09' };
      try {
        await using _ = await connectRelay({ servers: url, credentials, ...relay });
        return true;
      } catch (error) {
        if (error instanceof BusError && error.code === 'BUS_CONNECT_FAILED') return false;
        throw error;
      }
    };
    const relayFile = join(out, 'relays/H09-RELAY/relay.creds');
    const ofRelay = await readFile(relayFile);
    const serviceFile = join(out, 'sites/H09/home/bus/operator/site-service.creds');
    const ofService = await readFile(serviceFile);
    expect([await isLetIn(ofRelay), await isLetIn(ofService)]).toEqual([true, true]);

    expect(await run('bus', 'revoke', out, 'H09.RELAY')).toMatchObject({ code: 0 });
    expect([await isLetIn(ofRelay), await isLetIn(ofService)]).toEqual([false, true]);
    await run('bus', 'plan', file, '--out', out);
    expect(await isLetIn(await readFile(relayFile))).toBe(true);

    const rotated = await run('bus', 'rotate-signer', out, 'H09', '--taken-over');
    expect(rotated).toMatchObject({ code: 0 });
    expect(rotated.out).toContain('site-service.creds');
    expect(await isLetIn(ofService)).toBe(false);
    expect(await isLetIn(await readFile(serviceFile))).toBe(true);
    expect(rotated.out).toContain('servers/n1/nats-server.conf');
    expect(rotated.err).toContain(`congvan bus apply ${out} --place bus`);
    // Neither comes back with what is pushed later.
    expect(await run('bus', 'apply', out)).toMatchObject({ code: 0 });
    expect([await isLetIn(ofRelay), await isLetIn(ofService)]).toEqual([false, false]);

    // Nor when the server has lost all it was told and starts from its file again.
    const ofNewRelay = await readFile(relayFile);
    expect((await run('bus', 'revoke', out, 'H09.RELAY')).err).toContain('nats-server.conf');
    const ended = server === undefined ? undefined : once(server, 'exit');
    server?.kill('SIGKILL');
    await ended;
    await rm(join(folder, 'data'), { recursive: true });
    const { path } = await findNatsServer();
    server = spawn(path, ['-c', join(out, 'servers/n1/nats-server.conf')], { stdio: 'ignore' });
    await waitUntil(async () => (await run('bus', 'apply', out, '--dry-run')).code === 0);
    const old = [ofRelay, ofNewRelay, ofService];
    expect(await Promise.all(old.map(isLetIn))).toEqual([false, false, false]);
    expect(await isLetIn(await readFile(serviceFile))).toBe(true);
  });
});

it('runs one site service for each home', async () => {
  await using town = await createTown();
  expect((await town.run(['ca', 'init', '--organization', 'Tỉnh thử nghiệm'])).code).toBe(0);
  expect((await town.run(['bus', 'up', '--detach', '--site', 'TW'])).code).toBe(0);
  const first = await town.start(['site', 'run'], /site running/);
  const second = await town.run(['site', 'run']);
  expect(second.code).toBe(6);
  expect(second.err).toContain('CLI_ALREADY_RUNNING');
  expect(await first.interrupt()).toBe(0);
  const third = await town.start(['site', 'run'], /site running/);
  expect(await third.interrupt()).toBe(0);
});

function findingsOf({ out }: Outcome): readonly Finding[] {
  const { findings } = JSON.parse(out) as { readonly findings: readonly Finding[] };
  return findings;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
