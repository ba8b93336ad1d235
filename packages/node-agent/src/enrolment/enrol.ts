import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import {
  BusError,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  type EnrolmentToken,
  type EnrolmentUse,
  codeToToken,
  composeCredentials,
  createNatsKey,
  decodeRecord,
  enrolmentProofInput,
  fromBase64,
  parseEnrolmentAnswer,
  parsePayloadAs,
  readCredentials,
  readNatsKey,
  signWithNatsKey,
  toBase64,
} from '@congvan/bus';
import {
  type Certificate,
  type TrustStore,
  createTrustStore,
  parseCertificate,
  parseCrl,
  validatePath,
} from '@congvan/signer';

import { THIN_LINE } from '../home/config.ts';
import { initAgent } from '../home/init.ts';
import type { KeyPassphrases } from '../home/keys.ts';
import { layoutOf } from '../home/layout.ts';
import { AgentError } from '../errors.ts';
import { askDesk } from './desk-client.ts';
import { type NewKey, openNewKeys, wrapKey } from './new-keys.ts';
import { refillHome } from './refill.ts';

export interface EnrolAgentOptions {
  /** The folder that holds the agencies' folders; the new one is named by its code. */
  readonly homes: string;
  readonly token: EnrolmentToken;
  /** For the keys that are made; the encryption key falls back to the node key's. */
  readonly passphrase: KeyPassphrases;
  /** PKCS#12 of a seal that another authority issued. */
  readonly sealP12?: Uint8Array;
  readonly notation?: string;
  readonly unsigned?: 'accept' | 'refuse';
  /** The agency has a line of some Mb/s; in a folder that is there already its setting stays. */
  readonly thinLine?: boolean;
  readonly now?: () => Date;
  /** Told after each step, so that a test can stop there. */
  readonly onStep?: (step: 'keys-made' | 'answered' | 'home-written') => void;
}

export interface EnrolledAgent {
  readonly home: string;
  readonly member: EnrolmentAnswer['member'];
  readonly natsUserKey: string;
  readonly certificates: readonly {
    readonly use: EnrolmentUse;
    readonly certificate: Certificate;
  }[];
  /** Whom the agency trusts from now on: root and registrar, to be compared by their fingerprints. */
  readonly trusted: readonly Certificate[];
}

const SEED_FILE = 'user.seed';
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/u;

/**
 * Enrols an agency with a one-time token: makes its keys, has them certified, and writes its folder.
 *
 * A folder that is there already, of an agency that enrols anew, keeps everything but keys and rights.
 * Keys are on disk, under their passphrases, before anything is sent. After a kill the same call goes
 * on with them, and the desk answers the same again.
 *
 * @throws {@link BusError} `BUS_ENROLMENT_UNREACHABLE`, `BUS_ENROLMENT_REFUSED`, `BUS_PAYLOAD_INVALID`;
 *   {@link AgentError} `AGENT_HOME_EXISTS`, `AGENT_KEY_MISSING`.
 */
export async function enrolAgent(options: EnrolAgentOptions): Promise<EnrolledAgent> {
  const { token, homes } = options;
  const draft = join(homes, `.enrol-${token.id}`);
  const step = options.onStep ?? (() => undefined);
  const uses: EnrolmentUse[] = [
    'node',
    'encryption',
    'tls',
    ...(token.issuesSeal ? ['seal' as const] : []),
  ];
  const passphraseOf = async (use: EnrolmentUse): Promise<string> => await secretOf(options, use);
  const keys = await openNewKeys(draft, uses, passphraseOf, async () => ({
    [SEED_FILE]: Buffer.from(createNatsKey('user').seed).toString('latin1'),
  }));
  const user = readNatsKey('user', await readFile(join(draft, SEED_FILE)));
  step('keys-made');
  const request = composeRequest(token, keys, user);
  const answer = parseEnrolmentAnswer(await askDesk(token, Buffer.from(JSON.stringify(request))));
  step('answered');
  const checked = checkAnswer(options, answer, keys, user.publicKey);
  const credentials = composeCredentials(answer.userJwt, user);
  if ((await readCredentials(credentials)).userPublicKey !== user.publicKey) {
    throw bad('the broker rights are for another key');
  }
  const { member } = answer;
  const home = join(homes, codeToToken(member.code));
  const p12 = new Map<EnrolmentUse, Uint8Array>();
  for (const { key, certificate } of checked.issued) {
    const chain = answer.chain.map(fromBase64);
    p12.set(key.use, wrapKey(key, certificate, chain, await passphraseOf(key.use)));
  }
  await writeHome(options, home, answer, p12, credentials);
  step('home-written');
  await rm(draft, { recursive: true, force: true });
  return {
    home,
    member,
    natsUserKey: user.publicKey,
    certificates: checked.issued.map(({ key, certificate }) => ({ use: key.use, certificate })),
    trusted: checked.trusted,
  };
}

async function secretOf({ passphrase }: EnrolAgentOptions, use: EnrolmentUse): Promise<string> {
  const { node, seal = node, encryption = node } = passphrase;
  const source = { node, tls: node, seal, encryption }[use];
  if (source !== undefined) return await source();
  throw new AgentError('AGENT_KEY_MISSING', `no passphrase for the ${use} key was given`, {
    details: { use },
  });
}

function composeRequest(
  { id, secret }: EnrolmentToken,
  keys: readonly NewKey[],
  user: Parameters<typeof signWithNatsKey>[0],
): EnrolmentRequest {
  const csrOf = (use: EnrolmentUse): string => keys.find((key) => key.use === use)?.csr ?? '';
  const seal = csrOf('seal');
  const requests = {
    node: csrOf('node'),
    encryption: csrOf('encryption'),
    tls: csrOf('tls'),
    ...(seal === '' ? {} : { seal }),
  };
  const named = { id, natsUserKey: user.publicKey, requests };
  const natsProof = toBase64(signWithNatsKey(user, enrolmentProofInput(named)));
  return { version: 1, secret, natsProof, ...named };
}

interface Checked {
  readonly issued: readonly { readonly key: NewKey; readonly certificate: Certificate }[];
  readonly trusted: readonly Certificate[];
}

/** The desk has shown the token's key; all that it says must still fit together. */
function checkAnswer(
  options: EnrolAgentOptions,
  answer: EnrolmentAnswer,
  keys: readonly NewKey[],
  natsUserKey: string,
): Checked {
  const registrar = parseCertificate(fromBase64(answer.registrarCertificate));
  if (registrar.sha256 !== options.token.registrarSha256) {
    throw bad('the registrar is not the one that the token names');
  }
  const read = (list: readonly string[]) => list.map((der) => parseCertificate(fromBase64(der)));
  const anchors = read(answer.anchors);
  const trust = createTrustStore({
    anchors,
    intermediates: [...read(answer.intermediates), ...read(answer.chain)],
    crls: answer.crls.map((der) => parseCrl(fromBase64(der))),
  });
  const at = (options.now ?? (() => new Date()))();
  const issued = keys.map((key) => {
    const der = answer.issued[key.use];
    if (der === undefined) throw bad(`the certificate of the ${key.use} key is missing`);
    const certificate = parseCertificate(fromBase64(der));
    requirePath(certificate, trust, at, key.use);
    return { key, certificate };
  });
  const entry = parsePayloadAs(decodeRecord(fromBase64(answer.entry)), 'directory');
  const isOurs =
    entry.code === answer.member.code &&
    entry.natsUserKey === natsUserKey &&
    issued
      .filter(({ key }) => key.use !== 'tls')
      .every(({ certificate: { sha256 } }) =>
        entry.certificates.some((one) => one.sha256 === sha256),
      );
  if (!isOurs) throw bad('its directory entry does not list these keys');
  if (answer.directory.length > 0 && !answer.directory.includes(answer.entry)) {
    throw bad('its directory does not hold the new entry');
  }
  return { issued, trusted: [...anchors, registrar] };
}

function requirePath(certificate: Certificate, trust: TrustStore, at: Date, use: string): void {
  const verdict = validatePath(certificate, { trust, at, purpose: 'any' });
  if (verdict.indication === 'TOTAL-PASSED') return;
  throw bad(`the certificate of the ${use} key does not pass: ${verdict.detail}`);
}

async function writeHome(
  options: EnrolAgentOptions,
  home: string,
  answer: EnrolmentAnswer,
  p12: ReadonlyMap<EnrolmentUse, Uint8Array>,
  credentials: Uint8Array,
): Promise<void> {
  const { member } = answer;
  const seal = p12.get('seal') ?? options.sealP12;
  const [encryption, tls] = [p12.get('encryption'), p12.get('tls')];
  const wantsTls = member.servers.some(needsTls);
  if (await isWritten(home, credentials)) return;
  if (await isHome(home)) {
    const now = (options.now ?? (() => new Date()))();
    await refillHome(home, answer, p12, credentials, now);
    return;
  }
  await initAgent({
    home,
    config: {
      code: member.code,
      name: member.name,
      tier: member.tier,
      site: member.site,
      servers: [...member.servers],
      ...(member.relay === undefined ? {} : { relay: member.relay }),
      notation: options.notation ?? member.notation,
      policy: { unsigned: options.unsigned ?? 'accept' },
      ...(options.thinLine === true ? { line: THIN_LINE } : {}),
      ...(wantsTls ? { tls: {} } : {}),
    },
    nodeP12: p12.get('node') ?? new Uint8Array(),
    ...(seal === undefined ? {} : { sealP12: seal }),
    ...(encryption === undefined ? {} : { encryptionP12: encryption }),
    ...(tls === undefined ? {} : { tlsP12: tls }),
    credentials,
    trust: {
      anchors: answer.anchors.map(fromBase64),
      intermediates: answer.intermediates.map(fromBase64),
      crls: answer.crls.map(fromBase64),
    },
    registrarCertificate: fromBase64(answer.registrarCertificate),
    directory: (answer.directory.length > 0 ? answer.directory : [answer.entry]).map(fromBase64),
  });
}

/** Where the address asks for it, and on every line that leaves this machine. */
function needsTls(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'tls:' || !LOOPBACK.test(hostname);
}

async function isHome(home: string): Promise<boolean> {
  return (await stat(layoutOf(home).config).catch(() => undefined)) !== undefined;
}

/** A run before this one may have been killed when the folder was there and its draft not yet gone. */
async function isWritten(home: string, credentials: Uint8Array): Promise<boolean> {
  const file = join(home, 'credentials', 'agent.creds');
  const written = await stat(file).catch(() => undefined);
  if (written === undefined) return false;
  const before = await readCredentials(await readFile(file));
  return before.userPublicKey === (await readCredentials(credentials)).userPublicKey;
}

function bad(why: string): BusError {
  return new BusError('BUS_ENROLMENT_REFUSED', `the desk's answer is not taken: ${why}`, {
    details: { reason: 'answer' },
  });
}
