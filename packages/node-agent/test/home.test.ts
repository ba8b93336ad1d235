import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { waitUntil } from '@congvan/bus/testing';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { initAgent } from '../src/index.ts';
import { type Office, type Town, foundTown } from './support/town.ts';

describe('an agency’s folder', () => {
  let town: Town;
  let office: Office;

  beforeAll(async () => {
    town = await foundTown();
    office = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
  });

  afterAll(async () => {
    await town[Symbol.asyncDispose]();
  });

  it('is never made over another one', async () => {
    const file = async (...path: string[]) => await readFile(join(office.home, ...path));
    await using agent = await office.open({ mode: 'desk' });
    const again = initAgent({
      home: office.home,
      config: agent.config,
      nodeP12: await file('keys', 'node.p12'),
      credentials: await file('credentials', 'agent.creds'),
      trust: { anchors: [town.pki.root.der] },
      registrarCertificate: await file('trust', 'registrar.crt'),
    });
    await expect(again).rejects.toMatchObject({ code: 'AGENT_HOME_EXISTS' });
  });

  it('names the key whose passphrase is wrong', async () => {
    const wrong = async (): Promise<string> => 'sai';
    const opened = office.open({ passphrase: { node: wrong } });
    await expect(opened).rejects.toMatchObject({ code: 'SIGNER_P12_PASSPHRASE_WRONG' });
    await expect(office.open({ passphrase: { node: wrong } })).rejects.toThrow(
      /node key .*node\.p12/,
    );
  });

  it('with a damaged setting is refused, and the setting named', async () => {
    const config = join(office.home, 'agent.json');
    const good = await readFile(config, 'utf8');
    await writeFile(config, good.replace('"commune"', '"hamlet"'));
    await expect(office.open({ mode: 'desk' })).rejects.toMatchObject({
      code: 'AGENT_HOME_INVALID',
      details: { field: 'tier' },
    });
    await writeFile(config, good);
  });

  it('opens no agent whose credentials cannot be read as such', async () => {
    const credentials = join(office.home, 'credentials', 'agent.creds');
    const good = await readFile(credentials);
    await writeFile(credentials, 'junk');
    await expect(office.open()).rejects.toMatchObject({ code: 'BUS_CREDENTIALS_INVALID' });
    await writeFile(credentials, good);
    await using again = await office.open();
    await waitUntil(() => again.status().broker === 'connected');
  });

  it('is read while another process writes', async () => {
    await using _checked = await office.open({ mode: 'desk' });
    const writer = new Database(join(office.home, 'agent.sqlite'));
    using _closed = { [Symbol.dispose]: () => void writer.close() };
    writer.exec('BEGIN IMMEDIATE');
    await using agent = await office.open({ mode: 'desk' });
    expect(agent.listInbox()).toEqual([]);
    expect(agent.status().outbox.waiting).toBe(0);
  });

  it('without its register is refused: a new one would give out used numbers', async () => {
    const database = join(office.home, 'agent.sqlite');
    await truncate(database);
    await expect(office.open({ mode: 'desk' })).rejects.toThrow('restore it from a backup');
    await rm(database);
    await expect(office.open()).rejects.toMatchObject({ code: 'AGENT_HOME_INVALID' });
  });
});
