import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writePkcs12 } from '@congvan/signer';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';

import { parseAgencyCode } from '../../src/index.ts';
import {
  type RelayHomeContent,
  initRelay,
  openRelay,
  openRelayReader,
  readRelayConfig,
} from '../../src/relay/index.ts';
import { openDatabase } from '../../src/relay/storage/database.ts';
import { isRunLockHeld, takeRunLock } from '../../src/sqlite/index.ts';
import { waitUntil } from '../../src/testing/index.ts';
import { startRelayBus } from './relay-bus.ts';
import { paper } from './relay-database.ts';

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'congvan-home-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function contentFor(home: string): RelayHomeContent {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    home,
    config: {
      code: parseAgencyCode('W01'),
      name: 'Trung tâm đối soát',
      site: 'TW',
      servers: ['nats://127.0.0.1:4222'],
    },
    nodeP12: bytes('p12'),
    credentials: bytes('creds'),
    trust: { anchors: [bytes('anchor')] },
    registrarCertificate: bytes('registrar'),
  };
}

describe('the folder of a relay', () => {
  it('is made whole, with keys and credentials readable by its owner alone', async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, 'deep', 'relay');
    await initRelay(contentFor(home));
    expect((await readdir(home)).toSorted()).toEqual([
      'credentials',
      'keys',
      'relay.json',
      'trust',
    ]);
    expect(await readRelayConfig(home)).toMatchObject({ code: 'W01', site: 'TW' });
    for (const file of ['keys/node.p12', 'credentials/relay.creds']) {
      expect((await stat(join(home, file))).mode & 0o077).toBe(0);
    }
    expect(await readdir(join(folder.path, 'deep'))).toEqual(['relay']);
  });

  it('is never overwritten', async () => {
    await using folder = await temporaryFolder();
    const home = join(folder.path, 'relay');
    await initRelay(contentFor(home));
    const before = await readFile(join(home, 'relay.json'));
    await expect(initRelay(contentFor(home))).rejects.toMatchObject({
      code: 'BUS_RELAY_HOME_EXISTS',
    });
    expect(await readFile(join(home, 'relay.json'))).toEqual(before);
    const file = join(folder.path, 'file');
    await writeFile(file, 'x');
    await expect(initRelay(contentFor(file))).rejects.toMatchObject({
      code: 'BUS_RELAY_HOME_EXISTS',
    });
    expect((await readdir(folder.path)).toSorted()).toEqual(['file', 'relay']);
  });

  it('names the field of a bad configuration and leaves nothing behind', async () => {
    await using folder = await temporaryFolder();
    const content = contentFor(join(folder.path, 'relay'));
    const broken = { ...content, config: { ...content.config, site: 'h09' } };
    await expect(initRelay(broken)).rejects.toThrow('site is not a site name');
    expect(await readdir(folder.path)).toEqual([]);
  });

  it('says which file is missing', async () => {
    await using folder = await temporaryFolder();
    await expect(openRelay({ home: folder.path })).rejects.toMatchObject({
      code: 'BUS_RELAY_HOME_INVALID',
      details: { file: join(folder.path, 'relay.json') },
    });
    expect(() => openRelayReader(folder.path)).toThrow('there is no relay database');
  });

  it('opens with the node key of its PKCS#12 file', async () => {
    await using world = await startRelayBus();
    const { keys, certificate, chain } = world.relaySigner;
    const p12 = writePkcs12({
      privateKey: keys.privateKey,
      certificate,
      chain,
      friendlyName: 'W01',
      passphrase: 'mật khẩu',
    });
    await writeFile(join(world.home, 'keys', 'node.p12'), p12);
    const province = await world.addReporter('H09', 'province', 'H09');
    const { home } = world;
    await expect(openRelay({ home, passphrase: async () => 'wrong' })).rejects.toMatchObject({
      code: 'SIGNER_P12_PASSPHRASE_WRONG',
    });
    await using relay = await openRelay({ home, passphrase: async () => 'mật khẩu' });
    await province.report(paper(1));
    await waitUntil(() => province.watermarks.at(-1)?.upTo === 1);
    expect(relay.counts().reports).toBe(1);
  });
});

describe('the database file', () => {
  it('of a later version is refused, and one of an earlier version by the reader', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'relay.sqlite');
    openDatabase(file).close();
    openRelayReader(folder.path).close();
    setVersion(file, 1);
    expect(() => openRelayReader(folder.path)).toThrow('run its owner once');
    setVersion(file, 999);
    expect(() => openRelayReader(folder.path)).toThrow('has schema 999');
    expect(() => openDatabase(file)).toThrow('has schema 999');
  });

  it('is written by one process at a time', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'relay.lock');
    expect(isRunLockHeld(file)).toBe(false);
    const lock = takeRunLock(file);
    expect(isRunLockHeld(file)).toBe(true);
    expect(takeRunLock(file)).toBeUndefined();
    lock?.release();
    takeRunLock(file)?.release();
  });
});

function setVersion(file: string, version: number): void {
  const db = new Database(file);
  db.pragma(`user_version = ${version}`);
  db.close();
}
