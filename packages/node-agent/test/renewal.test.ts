import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type DirectoryEntry,
  connectAgency,
  encodeRenewalFrame,
  encodeRenewalRequest,
  parseAgencyCode,
  renewalSigningInput,
} from '@congvan/bus';
import { MAX_GOOD_CERTIFICATES } from '@congvan/bus/site';
import { type LocalBus, startLocalBus, waitUntil } from '@congvan/bus/testing';
import {
  type Authority,
  type Certificate,
  type Issued,
  buildCertificateRequest,
  createAuthority,
  createKeySigner,
  TrustFolder,
  generateKeys,
  openPkcs12,
  openPkcs12Decryptor,
  parseCrl,
  signCms,
  writePkcs12,
} from '@congvan/signer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { dueAt, renewalMs } from '../src/enrolment/due.ts';

import { keepFresh } from '../src/enrolment/keep-fresh.ts';
import { readConfig } from '../src/home/config.ts';
import { AgencyKeys } from '../src/home/keys.ts';
import { layoutOf } from '../src/home/layout.ts';
import { type Agent, initAgent, openAgent } from '../src/index.ts';
import { SILENT_LOG } from '../src/log.ts';
import { PASSPHRASE } from './support/passphrase.ts';

const HOUR_MS = 3_600_000;
/** Far below the minute for which an authority may think. */
const STOP_MS = 15_000;
const CODE = parseAgencyCode('H09.12');

describe('renewal', () => {
  let folder: string;
  let authority: Authority;
  let bus: LocalBus;
  let home: string;
  let node: Issued;
  let encryption: Issued;

  /** A certificate that has a quarter of its life left. */
  const issueOld = async (use: 'node' | 'encryption'): Promise<Issued> =>
    await authority.issue({
      subject: { commonName: 'Sở Nội vụ (H09.12)', organization: 'Sở Nội vụ', country: 'VN' },
      use,
      algorithm: 'ec-p256',
      notBefore: new Date(Date.now() - 3 * HOUR_MS),
      notAfter: new Date(Date.now() + HOUR_MS),
    });
  const open = async (): Promise<Agent> =>
    await openAgent({ home, passphrase: { node: async () => PASSPHRASE } });
  const entry = (): DirectoryEntry | undefined => bus.site.enrolment.registry.newest(CODE)?.entry;
  const listed = (use: string): string[] =>
    (entry()?.certificates ?? []).filter((one) => one.use === use).map(({ sha256 }) => sha256);
  const readNode = async (): Promise<Certificate> =>
    openPkcs12(await readFile(join(home, 'keys', 'node.p12')), PASSPHRASE).certificate;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-renewal-'));
    const passphrase = PASSPHRASE;
    const name = { commonName: 'Nơi cấp chứng thư số' };
    authority = await createAuthority({
      folder: join(folder, 'ca'),
      passphrase,
      name,
      algorithm: 'ec-p256',
    });
    const registrar = await authority.issue({
      subject: { commonName: 'Nơi đăng ký' },
      use: 'registrar',
    });
    const signer = signerOf(registrar);
    bus = await startLocalBus({
      sites: ['H09'],
      authority,
      signRegistrar: async (content) =>
        await signCms({ content }, signer, { certificates: 'none' }),
    });
    node = await issueOld('node');
    encryption = await issueOld('encryption');
    const enrolled = await bus.addAgency({
      code: CODE,
      site: 'H09',
      certificates: [
        toListed('node', node.certificate),
        toListed('encryption', encryption.certificate),
      ],
    });
    home = join(folder, 'H09-12');
    await initAgent({
      home,
      config: {
        code: CODE,
        name: 'Sở Nội vụ',
        tier: 'province',
        site: 'H09',
        servers: [bus.url],
        notation: 'SNV',
      },
      nodeP12: p12(node),
      encryptionP12: p12(encryption),
      credentials: enrolled.credentials,
      trust: {
        anchors: [authority.rootCertificate.der],
        intermediates: [authority.issuingCertificate.der],
        crls: [...authority.lists().values()],
      },
      registrarCertificate: registrar.certificate.der,
      directory: [enrolled.record],
    });
  });
  afterEach(async () => {
    await bus.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('brings new certificates before the old ones end, and keeps what still opens old mail', async () => {
    const layout = layoutOf(home);
    const config = await readConfig(layout.config);
    const keys = new AgencyKeys(layout, { node: async () => PASSPHRASE });
    const credentials = (): Uint8Array => readFileSync(layout.credentials);
    const { servers, code, site } = config;
    await using connection = await connectAgency({ servers, credentials, code, site, name: 'x' });
    const trust = await TrustFolder.open(layout.trust);
    const core = { config, keys, trust, now: () => new Date(), log: SILENT_LOG };
    const stop = new AbortController();
    const deps = { core, layout, connection, tls: undefined, spreadMs: 2_000 };
    const working = keepFresh(deps, stop.signal);

    await waitUntil(() => listed('encryption').length === 2);
    await waitUntil(async () => (await readdir(layout.oldKeys).catch(() => [])).length === 1);
    // Others read the new entry first: until then records are signed with the key that they know.
    expect((await readNode()).sha256).toBe(node.certificate.sha256);
    const [old = ''] = await readdir(layout.oldKeys);
    const opened = openPkcs12Decryptor(await readFile(join(layout.oldKeys, old)), PASSPHRASE);
    expect(opened.certificate.sha256).toBe(encryption.certificate.sha256);
    const decryptors = await keys.openDecryptors();
    expect(decryptors.map(({ certificate }) => certificate.sha256)).toEqual([
      listed('encryption').find((sha256) => sha256 !== encryption.certificate.sha256),
      encryption.certificate.sha256,
    ]);

    await waitUntil(async () => (await readNode()).sha256 !== node.certificate.sha256);
    const renewed = await readNode();
    expect(listed('node').toSorted()).toEqual([node.certificate.sha256, renewed.sha256].toSorted());
    expect(renewed.subjectText).toBe(node.certificate.subjectText);
    await waitUntil(async () => (await readdir(layout.newKeys)).length === 0);
    stop.abort();
    await working;
    await using agent = await open();
    await waitUntil(() => agent.status().broker === 'connected');
  });

  it('is the work of the running agent, beside all else', async () => {
    await using agent = await open();
    const { oldKeys } = layoutOf(home);
    await waitUntil(async () => (await readdir(oldKeys).catch(() => [])).length === 1);
    await waitUntil(() => agent.status().broker === 'connected');
  });

  it('does not hold up the end of an agent while nobody answers', async () => {
    const asked = hangOn(authority);
    const agent = await open();
    await waitUntil(() => asked.count > 0);
    const closing = agent.close();
    const first = await Promise.race([closing, delay(STOP_MS).then(() => 'still open')]);
    asked.answer();
    await closing;
    expect(first).toBeUndefined();
    // What it had begun is there for the next start.
    expect((await readdir(layoutOf(home).newKeys)).toSorted()).toEqual(['encryption', 'node']);
  });

  it('is refused to another key, to an old request and to an agency that is shut out', async () => {
    const credentials = await readFile(join(home, 'credentials', 'agent.creds'));
    const config = { servers: bus.url, credentials, code: CODE, site: 'H09', name: 'test' };
    await using connection = await connectAgency(config);
    const ask = async (at: Date, signedBy: Issued = node): Promise<string> => {
      const request = { version: 1 as const, code: CODE, site: 'H09', at: at.toISOString() };
      const bytes = encodeRenewalRequest({ ...request, requests: {} });
      const content = renewalSigningInput(bytes);
      const signature = await signCms({ content }, signerOf(signedBy), { certificates: 'none' });
      const answer = await connection.requestRenewal(encodeRenewalFrame(bytes, signature));
      return Buffer.from(answer).toString();
    };
    expect(await ask(new Date())).toContain('"userJwt"');
    const stranger = await issueOld('node');
    expect(await ask(new Date(), stranger)).toContain('"refused":"keys"');
    expect(await ask(new Date(Date.now() - HOUR_MS))).toContain('"refused":"expired"');
    const garbage = await connection.requestRenewal(Buffer.from('{'));
    expect(Buffer.from(garbage).toString()).toContain('"refused":"request"');
    const known = entry();
    if (known === undefined) throw new Error('not entered');
    // The rights of a relay are another account's.
    const relay = bus.site.enrolment.mintUserJwt({ ...known, role: 'relay' });
    await expect(relay).rejects.toMatchObject({ code: 'BUS_ENROLMENT_REFUSED' });
    await authority.revoke(node.certificate.serialNumber, 'keyCompromise');
    expect(await ask(new Date())).toContain('"refused":"keys"');
    await bus.site.enrolment.amend(CODE, { natsUserKey: null });
    expect(await ask(new Date())).toContain('"refused":"agency"');
  });

  it('gives a thief of the node key a few certificates, and the directory few entries', async () => {
    const credentials = await readFile(join(home, 'credentials', 'agent.creds'));
    const config = { servers: bus.url, credentials, code: CODE, site: 'H09', name: 'test' };
    await using connection = await connectAgency(config);
    const newRequest = async (): Promise<string> => {
      const { privateKey } = await generateKeys('ec-p256');
      return Buffer.from(await buildCertificateRequest(privateKey, { commonName: 'x' })).toString(
        'base64',
      );
    };
    const ask = async (use: 'node' | 'tls'): Promise<string> => {
      const at = new Date().toISOString();
      const requests = { [use]: await newRequest() };
      const bytes = encodeRenewalRequest({ version: 1, code: CODE, site: 'H09', at, requests });
      const content = renewalSigningInput(bytes);
      const signature = await signCms({ content }, signerOf(node), { certificates: 'none' });
      const answer = await connection.requestRenewal(encodeRenewalFrame(bytes, signature));
      return Buffer.from(answer).toString();
    };
    const answers: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      answers.push(await ask('node'), await ask('tls'));
    }
    expect(listed('node').length).toBe(MAX_GOOD_CERTIFICATES);
    expect(entry()?.sequence).toBe(MAX_GOOD_CERTIFICATES);
    const clients = authority.list().filter(({ use }) => use === 'client');
    expect(clients).toHaveLength(MAX_GOOD_CERTIFICATES);
    expect(answers.slice(-2)).toEqual([
      expect.stringContaining('"refused":"keys"'),
      expect.stringContaining('"refused":"keys"'),
    ]);
  });

  it('brings revocation lists over the bus, and only what an authority has signed', async () => {
    await using agent = await open();
    await waitUntil(() => agent.status().broker === 'connected');
    await authority.revoke(encryption.certificate.serialNumber, 'superseded');
    const { number } = parseCrl(authority.crl());
    await bus.addAgency({ code: 'H09.13', site: 'H09' });
    const crls = join(home, 'trust', 'crls');
    await waitUntil(async () => {
      const names = (await readdir(crls)).filter((name) => /^bus-.*\.crl$/u.test(name));
      const lists = await Promise.all(names.map(async (name) => await readFile(join(crls, name))));
      return lists.some((list) => parseCrl(list).number === number);
    });
  });
});

describe('the time to renew', () => {
  it('comes at two thirds of a life, and a little later for some', () => {
    const life = { use: 'node', fromMs: 0, untilMs: 300 };
    expect([renewalMs(life, 0), renewalMs(life, 1)]).toEqual([200, 215]);
    expect(dueAt([life], 199, 0)).toEqual([]);
    expect(dueAt([life], 200, 0)).toEqual(['node']);
    expect(dueAt([life], 400, 1)).toEqual(['node']);
  });
});

/** Certificates are asked for, and nothing comes until `answer`. */
function hangOn(authority: Authority): { readonly count: number; answer(): void } {
  const { issueFor } = authority;
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let count = 0;
  Object.assign(authority, {
    issueFor: async (...asked: Parameters<Authority['issueFor']>) => {
      count += 1;
      await answered;
      return await issueFor.apply(authority, asked);
    },
  });
  return {
    get count() {
      return count;
    },
    answer,
  };
}

function keyOf({ privateKey }: Issued) {
  if (privateKey === undefined) throw new Error('no key');
  return privateKey;
}

function signerOf(issued: Issued) {
  const { certificate, chain } = issued;
  return createKeySigner({ privateKey: keyOf(issued), certificate, chain });
}

function p12(issued: Issued): Uint8Array {
  const { certificate, chain } = issued;
  const content = { privateKey: keyOf(issued), certificate, chain, friendlyName: 'x' };
  return writePkcs12({ ...content, passphrase: PASSPHRASE, iterations: 2048 });
}

function toListed(use: 'node' | 'encryption', { sha256, der }: Certificate) {
  return { use, sha256, der: Buffer.from(der).toString('base64') };
}
