import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHash } from 'node:crypto';

import {
  BusError,
  type EnrolmentToken,
  encodeEnrolmentToken,
  parseAgencyCode,
  readCredentials,
} from '@congvan/bus';
import {
  type EnrolmentHttp,
  type PendingEnrolments,
  type PendingMember,
  createEnrolmentDesk,
  openPendingEnrolments,
  serveEnrolmentDesk,
} from '@congvan/bus/site';
import { type LocalBus, startLocalBus, waitUntil } from '@congvan/bus/testing';
import {
  type Authority,
  createAuthority,
  createKeySigner,
  encodePem,
  signCms,
} from '@congvan/signer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { askDesk } from '../src/enrolment/desk-client.ts';
import { readConfig } from '../src/home/config.ts';
import { AgencyKeys } from '../src/home/keys.ts';
import { layoutOf } from '../src/home/layout.ts';
import { TlsSettings } from '../src/home/tls.ts';
import { type EnrolledAgent, enrolAgent, openAgent } from '../src/index.ts';
import { PASSPHRASE } from './support/passphrase.ts';

const HOUR_MS = 3_600_000;
const CHILD = fileURLToPath(new URL('support/enrol-child.ts', import.meta.url));

describe('an agency that enrols', () => {
  let folder: string;
  let authority: Authority;
  let bus: LocalBus;
  let pending: PendingEnrolments;
  let http: EnrolmentHttp;
  let named: Pick<EnrolmentToken, 'deskKeySha256' | 'registrarSha256'>;
  let clockMs = 0;
  const now = (): Date => new Date(Date.now() + clockMs);

  const makeToken = async (code: string, more: Partial<PendingMember> = {}) => {
    const member: PendingMember = {
      code: parseAgencyCode(code),
      name: `Ủy ban ${code}`,
      tier: 'commune',
      site: 'H09',
      parent: null,
      oldCodes: [],
      notation: 'UBND',
      servers: [bus.url],
      issuesSeal: false,
      replaces: false,
      ...more,
    };
    const expiresAt = new Date(now().getTime() + HOUR_MS);
    const made = await pending.create(member, { now: now(), expiresAt });
    const url = `https://127.0.0.1:${http.port}`;
    const issuesSeal = member.issuesSeal;
    return { url, ...named, id: made.pending.id, secret: made.secret, issuesSeal };
  };
  const enrol = async (homes: string, token: EnrolmentToken): Promise<EnrolledAgent> =>
    await enrolAgent({ homes, token, passphrase: { node: async () => PASSPHRASE } });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'congvan-enrol-'));
    authority = await createAuthority({
      folder: join(folder, 'ca'),
      passphrase: PASSPHRASE,
      name: { commonName: 'Nơi cấp chứng thư số' },
      algorithm: 'ec-p256',
    });
    const registrar = await authority.issue({
      subject: { commonName: 'Nơi đăng ký' },
      use: 'registrar',
    });
    const tls = await authority.issue({
      subject: { commonName: '127.0.0.1' },
      use: 'tls',
      serverNames: { ip: ['127.0.0.1'] },
    });
    const { certificate, chain, privateKey } = registrar;
    if (privateKey === undefined || tls.privateKey === undefined) throw new Error('no key');
    const signer = createKeySigner({ privateKey, certificate, chain });
    bus = await startLocalBus({
      sites: ['H09'],
      signRegistrar: async (content) =>
        await signCms({ content }, signer, { certificates: 'none' }),
    });
    pending = openPendingEnrolments(join(folder, 'enrolments'));
    const desk = createEnrolmentDesk({
      pending,
      enrolment: bus.site.enrolment,
      authority,
      registrarCertificate: certificate.der,
      prepare: async () => await bus.site.refresh(),
      now,
    });
    http = await serveEnrolmentDesk({
      desk,
      host: '127.0.0.1',
      port: 0,
      maxRequestsPerMinute: 30,
      tls: {
        certificates: encodePem('CERTIFICATE', tls.certificate.der),
        key: tls.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      },
    });
    named = {
      deskKeySha256: createHash('sha256').update(tls.certificate.publicKeyDer).digest('hex'),
      registrarSha256: certificate.sha256,
    };
  });
  afterAll(async () => {
    await http.close();
    await bus.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['keys-made', 'answered', 'home-written'])(
    'goes on with the same keys after a kill when its %s',
    async (step) => {
      const homes = join(folder, step);
      const code = `H09.${step === 'keys-made' ? 1 : step === 'answered' ? 2 : 3}`;
      const token = await makeToken(code);
      const child = runChild(homes, step, encodeEnrolmentToken(token));
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');
      expect(await readdir(homes)).toContain(`.enrol-${token.id}`);
      const issuedBefore = authority.list().length;

      const enrolled = await enrol(homes, token);
      expect(authority.list().length - issuedBefore).toBe(step === 'keys-made' ? 3 : 0);
      expect(await readdir(homes)).toEqual([code.replaceAll('.', '-')]);
      expect(bus.site.enrolment.registry.newest(parseAgencyCode(code))?.entry.natsUserKey).toBe(
        enrolled.natsUserKey,
      );
      const credentials = await readFile(layoutOf(enrolled.home).credentials);
      expect((await readCredentials(credentials)).userPublicKey).toBe(enrolled.natsUserKey);
      const passphrase = { node: async () => PASSPHRASE };
      await using agent = await openAgent({ home: enrolled.home, passphrase });
      await waitUntil(() => agent.status().broker === 'connected');
    },
  );

  it('is refused after the token has ended, but hears a lost answer again', async () => {
    const late = await makeToken('H09.4');
    const lost = await makeToken('H09.5');
    await runAndLose(lost);
    clockMs = 2 * HOUR_MS;
    await expect(enrol(join(folder, 'late'), late)).rejects.toMatchObject({
      code: 'BUS_ENROLMENT_REFUSED',
      details: { reason: 'expired' },
    });
    await enrol(join(folder, 'lost'), lost);
    clockMs = 0;
  });

  it('gets nothing while its site is being restored, and all with the same token afterwards', async () => {
    const { registry } = bus.site.enrolment;
    const token = await makeToken('H09.10');
    const homes = join(folder, 'restored');
    const issuedBefore = authority.list().length;
    await registry.setBusMark({ awaits: 'what the others have' });
    await expect(enrol(homes, token)).rejects.toMatchObject({ code: 'BUS_ENROLMENT_UNREACHABLE' });
    expect(authority.list()).toHaveLength(issuedBefore);
    await registry.setBusMark({ awaits: null });
    await enrol(homes, token);
    expect(registry.newest(parseAgencyCode('H09.10'))).toBeDefined();
  });

  it('gets no second chance to be somebody else: an agency that is there is not replaced', async () => {
    const first = await makeToken('H09.6');
    await enrol(join(folder, 'six'), first);
    const second = await makeToken('H09.6');
    await expect(enrol(join(folder, 'other'), second)).rejects.toMatchObject({
      details: { reason: 'agency' },
    });
    const replacing = await makeToken('H09.6', { replaces: true });
    const enrolled = await enrol(join(folder, 'third'), replacing);
    const { entry } = bus.site.enrolment.registry.newest(parseAgencyCode('H09.6')) ?? {};
    expect(entry?.natsUserKey).toBe(enrolled.natsUserKey);
  });

  it('anew gets other keys into its folder, which keeps its register', async () => {
    const homes = join(folder, 'anew');
    const { home } = await enrol(homes, await makeToken('H09.9'));
    const layout = layoutOf(home);
    const before = await readFile(layout.database);
    const keysBefore = await readFile(layout.encryptionKey);
    const passphrase = { node: async () => PASSPHRASE };
    const token = await makeToken('H09.9', { replaces: true });
    {
      await using _running = await openAgent({ home, passphrase });
      await expect(enrol(homes, token)).rejects.toMatchObject({ code: 'AGENT_ALREADY_RUNNING' });
    }
    const again = await enrol(homes, token);
    expect(again.home).toBe(home);
    expect((await readFile(layout.database)).length).toBeGreaterThanOrEqual(before.length);
    const [old = ''] = await readdir(layout.oldKeys);
    expect(await readFile(join(layout.oldKeys, old))).toEqual(keysBefore);
    await using agent = await openAgent({ home, passphrase });
    await waitUntil(() => agent.status().broker === 'connected');
    expect(await readdir(homes)).toEqual(['H09-9']);
  });

  it('connects with TLS where the broker is on another machine', async () => {
    const token = await makeToken('H09.7', { servers: ['tls://bus.example.vn:4222'] });
    const { home } = await enrol(join(folder, 'tls'), token);
    const layout = layoutOf(home);
    const config = await readConfig(layout.config);
    expect(config.tls).toEqual({ anchors: 'trust/anchors' });
    const keys = new AgencyKeys(layout, { node: async () => PASSPHRASE });
    const tls = await TlsSettings.open(config, layout, keys);
    expect(tls?.current().ca).toEqual([encodePem('CERTIFICATE', authority.rootCertificate.der)]);
    expect(tls?.current().client).toMatchObject({ passphrase: PASSPHRASE });
    const bare = { ...config, tls: { anchors: 'trust/nothing' } };
    await expect(TlsSettings.open(bare, layout, keys)).rejects.toMatchObject({
      code: 'AGENT_HOME_INVALID',
    });
  });

  it('locks a token that is guessed at, and slows who asks too often', async () => {
    const token = await makeToken('H09.8');
    const requests = { node: 'AAAA', encryption: 'AAAA', tls: 'AAAA' };
    const guess = { version: 1, id: token.id, secret: '0'.repeat(32), natsProof: 'AAAA', requests };
    const body = Buffer.from(JSON.stringify({ ...guess, natsUserKey: `U${'A'.repeat(55)}` }));
    const told: unknown[] = [];
    for (let count = 0; count < 30; count += 1) {
      const failure: unknown = await askDesk(token, body).catch((error: unknown) => error);
      if (failure instanceof BusError) told.push(failure.details['reason'] ?? failure.code);
    }
    expect(told.slice(0, 11)).toEqual([...Array<string>(10).fill('unknown'), 'locked']);
    expect(told.at(-1)).toBe('BUS_ENROLMENT_UNREACHABLE');
    await expect(askDesk(token, Buffer.alloc(200_000))).rejects.toThrow('HTTP 4');
  });

  /** As if the answer had never arrived. */
  async function runAndLose(token: EnrolmentToken): Promise<void> {
    const child = runChild(join(folder, 'lost'), 'answered', encodeEnrolmentToken(token));
    await once(child, 'exit');
  }
});

function runChild(homes: string, step: string, token: string): ChildProcess {
  const { PATH = '' } = process.env;
  const env = { PATH, ENROLMENT_TOKEN: token };
  return spawn(process.execPath, [CHILD, homes, step], { env, stdio: 'ignore' });
}
