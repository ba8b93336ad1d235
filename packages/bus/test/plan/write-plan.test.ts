import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/agency/code.ts';
import { readCredentials } from '../../src/broker/jwt.ts';
import { findNatsServer } from '../../src/local-server/find.ts';
import { readDescription } from '../../src/plan/description.ts';
import { openOperator } from '../../src/operator/operator.ts';
import { readCentrePlan } from '../../src/plan/centre-plan.ts';
import { replaceSiteCredentials, revokePlannedRelay } from '../../src/plan/replace-credentials.ts';
import { openPlan, writePlan, writeSiteSigner } from '../../src/plan/write-plan.ts';

const run = promisify(execFile);
const NOW = new Date('2026-11-22T08:00:00Z');

describe('the files of a plan', () => {
  let root: string;
  let description: string;
  // Keys take a second to make, so they are made once; who changes files takes a copy.
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'congvan-write-plan-'));
    description = `name: vietnam
plan: federated
server: ${(await findNatsServer()).version}
config: ${root}/etc
centre:
  servers:
    - { name: c1, host: 127.0.0.1, client: 21001, cluster: 21002, leaf: 21003, monitor: 21004, disk: 10GB }
    - { name: c2, host: 127.0.0.1, client: 21011, cluster: 21012, leaf: 21013, monitor: 21014, disk: 10GB }
    - { name: c3, host: 127.0.0.1, client: 21021, cluster: 21022, leaf: 21023, monitor: 21024, disk: 10GB }
sites:
  - code: TW
    servers: [{ name: tw, host: 127.0.0.1, client: 21031, cluster: 21032, leaf: 21033, monitor: 21034, disk: 10GB }]
  - code: H09
    servers: [{ name: h09, host: 127.0.0.1, client: 21041, cluster: 21042, leaf: 21043, monitor: 21044, disk: 10GB }]
relays: [{ code: TW.RELAY, site: TW }]
`;
    await write();
  }, 60_000);
  afterAll(async () => await rm(root, { recursive: true, force: true }));
  const write = async (text = description, check = false, folder = 'out') =>
    await writePlan(text, 'bus.yaml', join(root, folder), { now: NOW, check });
  const read = async (path: string, folder = 'out') =>
    await readFile(join(root, folder, path), 'utf8');
  const copy = async (folder: string): Promise<void> =>
    await cp(join(root, 'out'), join(root, folder), { recursive: true });

  it('are configurations that the real server takes', async () => {
    const plan = readDescription(description, 'bus.yaml');
    const { path } = await findNatsServer();
    await mkdir(join(root, 'etc'));
    for (const { name } of plan.places.flatMap(({ servers }) => servers)) {
      const file = join(root, 'out', 'servers', name, 'nats-server.conf');
      const { stderr, stdout } = await run(path, ['-t', '-c', file]);
      expect(`${stderr}${stdout}`).toContain('is valid');
    }
    expect(await read('servers/h09/nats-server.conf')).toContain('deny_imports: ["vb.>"]');
    expect(await read('servers/c1/nats-server.conf')).not.toContain('remotes');
  });

  it('are the same when written again, and keys are never written over', async () => {
    await copy('again');
    const credentials = await read('servers/h09/leaf.creds');
    const again = await write(description, false, 'again');
    expect(again.files.every(({ change }) => change === 'same')).toBe(true);
    const changed = await write(
      description.replace('disk: 10GB }]\nrelays', 'disk: 20GB }]\nrelays'),
      false,
      'again',
    );
    expect(changed.files.filter(({ change }) => change !== 'same').map(({ path }) => path)).toEqual(
      ['plan.yaml', 'servers/h09/nats-server.conf', 'sites/H09/home/bus/site-plan.json'],
    );
    expect(await read('servers/h09/leaf.creds', 'again')).toBe(credentials);
  });

  it('show what would change without changing it', async () => {
    const before = await read('servers/h09/nats-server.conf');
    const larger = description.replace('disk: 10GB }]\nrelays', 'disk: 20GB }]\nrelays');
    const { files } = await write(larger, true);
    const config = files.find(({ path }) => path === 'servers/h09/nats-server.conf');
    expect(config?.change).toBe('changed');
    expect(config?.difference).toEqual([
      { side: '-', line: '  max_file_store: 7000000000' },
      { side: '+', line: '  max_file_store: 14000000000' },
    ]);
    expect(await read('servers/h09/nats-server.conf')).toBe(before);
  });

  it('name what an earlier plan left behind and leave it alone', async () => {
    const without = description.replace(/  - code: H09\n.*\n/, '');
    const { leftOver } = await write(without, true);
    expect(leftOver).toContain('servers/h09/nats-server.conf');
    expect((await stat(join(root, 'out', 'servers/h09/leaf.creds'))).isFile()).toBe(true);
  });

  it('tie a site to the networks of the description, and free it again', async () => {
    await copy('tied');
    const sourcesOf = async (): Promise<string> => {
      const operator = await openOperator(join(root, 'tied', 'keys', 'H09'));
      const { jwt } = await operator.agencyAccountJwt('H09');
      return Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8');
    };
    const tied = description.replace('code: H09', 'code: H09\n    networks: [10.9.0.0/16]');
    await write(tied, true, 'tied');
    expect(await sourcesOf()).not.toContain('10.9.0.0/16');
    await write(tied, false, 'tied');
    expect(await sourcesOf()).toContain('10.9.0.0/16');
    await write(description, false, 'tied');
    expect(await sourcesOf()).not.toContain('10.9.0.0/16');
    const wrong = description.replace('code: H09', 'code: H09\n    networks: [10.9.0.0]');
    await expect(write(wrong, false, 'tied')).rejects.toThrow(/must be a network/u);
  });

  it('give the service at the centre its rights, servers and streams, and no key of the operator', async () => {
    const plan = await readCentrePlan(
      join(root, 'out', 'centre', 'home', 'bus', 'centre-plan.json'),
    );
    expect(plan?.servers).toContain('nats://127.0.0.1:21001');
    expect(plan?.streams.map(({ name }) => name)).toEqual(['XCH', 'REPORTS', 'BLOBX', 'DIRX']);
    const names = await readdir(join(root, 'out', 'centre', 'home', 'bus', 'operator'));
    expect(names).toEqual(['centre.creds']);
    expect(await read('centre/congvan-centre.service')).toContain('congvan centre run');
  });

  it('hand a site its new signing key when the old one was lost', async () => {
    await copy('lost');
    const file = 'sites/H09/home/bus/operator/AGENCY_H09.signer.json';
    const before = await read(file, 'lost');
    const operator = await openOperator(join(root, 'lost', 'keys', 'H09'));
    await operator.replaceSiteSigner('H09');
    await writeSiteSigner(join(root, 'lost'), operator, 'H09');
    expect(await read(file, 'lost')).not.toBe(before);
    expect(await read(file, 'lost')).toBe(await operator.siteSignerFile('H09'));
  });

  it('give a site whose machines were taken over another line and service, and refuse the old ones', async () => {
    await copy('taken');
    const folder = join(root, 'taken');
    const keyOf = async (file: string): Promise<string> =>
      (await readCredentials(await readFile(join(folder, file)))).userPublicKey;
    const line = 'servers/h09/leaf.creds';
    const service = 'sites/H09/home/bus/operator/site-service.creds';
    const before = { line: await keyOf(line), service: await keyOf(service) };
    const where = { folder, ...(await openPlan(folder)) };
    const { accounts, files } = await replaceSiteCredentials(where, 'H09', NOW);
    expect(files).toEqual([service, line]);
    expect(accounts.map(({ place }) => place.id)).toEqual(['H09', 'central']);
    const revokedAt = async (place: string) =>
      await readdir(join(folder, 'keys', place, 'revoked', 'STORE'));
    expect(await revokedAt('H09')).toEqual([before.service]);
    expect(await revokedAt('central')).toEqual([before.line]);
    expect(await keyOf(line)).not.toBe(before.line);
    expect(await keyOf(service)).not.toBe(before.service);

    const relay = parseAgencyCode('TW.RELAY');
    // Who cannot be named is not said to be shut out: here a folder stands where the file was.
    const held = join(folder, 'relays/TW-RELAY/relay.creds');
    await rename(held, `${held}.away`);
    await mkdir(held);
    await expect(revokePlannedRelay(where, relay)).rejects.toThrow('EISDIR');
    await rmdir(held);
    await rename(`${held}.away`, held);
    const out = await revokePlannedRelay(where, relay);
    expect(out?.files).toEqual(['relays/TW-RELAY/relay.creds', 'relays/TW-RELAY/central.creds']);
    expect(out?.accounts.map(({ place }) => place.id)).toEqual(['TW', 'central']);
    await expect(keyOf('relays/TW-RELAY/central.creds')).rejects.toThrow('ENOENT');
    expect(await revokePlannedRelay(where, parseAgencyCode('H09.1'))).toBeUndefined();
    // A second time nothing is left to refuse, and the accounts are the same.
    expect((await revokePlannedRelay(where, relay))?.accounts).toEqual(out?.accounts);
  });

  it('give a site only its own secrets, readable by their owner alone', async () => {
    const files = (
      await readdir(join(root, 'out', 'sites', 'H09'), { recursive: true, withFileTypes: true })
    ).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      'AGENCY_H09.signer.json',
      'congvan-site.service',
      'site-plan.json',
      'site-service.creds',
    ]);
    const seeds = await Promise.all(
      ['operator', 'STORE', 'SYS'].map(async (name) => await read(`keys/H09/${name}.seed`)),
    );
    const modes = new Set<number>();
    for (const { parentPath, name } of files) {
      const path = join(parentPath, name);
      const text = await readFile(path, 'utf8');
      for (const seed of seeds) expect(text.includes(seed.trim())).toBe(false);
      if (/creds|signer/.test(name)) modes.add((await stat(path)).mode & 0o777);
    }
    expect([...modes]).toEqual([0o600]);
  });

  it('keep the operators of the places apart: a site taken over is nobody at the centre', async () => {
    const operators = await Promise.all(
      ['central', 'TW', 'H09'].map(async (place) => await read(`keys/${place}/operator.seed`)),
    );
    expect(new Set(operators).size).toBe(3);
    const config = await read('servers/c1/nats-server.conf');
    const own = /operator: "(.*)"/.exec(await read('servers/h09/nats-server.conf'))?.[1] ?? '-';
    expect(config.includes(own)).toBe(false);
  });

  it('hold units that stop in peace and see nothing but their folders', async () => {
    const unit = await read('servers/c1/congvan-nats.service');
    const stop = Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]);
    const lameDuck = Number(
      /lame_duck_duration: "(\d+)s"/.exec(await read('servers/c1/nats-server.conf'))?.[1],
    );
    expect(lameDuck).toBeGreaterThanOrEqual(30);
    expect(stop).toBeGreaterThanOrEqual(180 + lameDuck);
    expect(unit).toMatch(/LimitNOFILE=\d{6}/);
    expect(unit).toContain('ProtectSystem=strict');
    const compose: unknown = parse(await read('compose/central.yaml'));
    expect(compose).toMatchObject({
      services: { c1: { stop_grace_period: `${stop}s`, read_only: true } },
    });
  });
});
