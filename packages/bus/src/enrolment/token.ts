import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { BusError } from '../errors.ts';

/** What an operator hands to an agency, on paper or as a file: good once, until it expires. */
export interface EnrolmentToken {
  /** Of the enrolment desk: `https://host:port`. */
  readonly url: string;
  /** SHA-256 of the desk's public key (SubjectPublicKeyInfo), lower hex: no CA is asked. */
  readonly deskKeySha256: string;
  /** SHA-256 of the registrar's certificate, lower hex. */
  readonly registrarSha256: string;
  /** Names the pending enrolment; no secret. */
  readonly id: string;
  /** 128 random bits, lower hex; the desk keeps only their digest. */
  readonly secret: string;
  /** Whether the agency shall make a seal key too, for a certificate of this authority. */
  readonly issuesSeal: boolean;
}

const PREFIX = 'CVE1';
const ID_BYTES = 8;
const SECRET_BYTES = 16;
const DIGEST_BYTES = 32;
const CHECK_BYTES = 4;
const FLAGS_BYTES = 1;
const SEAL_FLAG = 1;
const FIXED_BYTES = FLAGS_BYTES + ID_BYTES + SECRET_BYTES + 2 * DIGEST_BYTES + CHECK_BYTES;
const MAX_URL_BYTES = 200;
const GROUP_CHARACTERS = 5;
/** As long as the longest token with a blank after each group. */
const MAX_TOKEN_CHARACTERS = 1_000;
/** Crockford's: without I, L, O and U, which look like other characters. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Names and secret of a new token. */
export function createTokenSecret(): Pick<EnrolmentToken, 'id' | 'secret'> {
  return {
    id: randomBytes(ID_BYTES).toString('hex'),
    secret: randomBytes(SECRET_BYTES).toString('hex'),
  };
}

/** What the desk keeps of the secret. It is random, so a plain digest gives nothing away. */
export function hashTokenSecret(secret: string): string {
  return createHash('sha256').update('congvan-enrolment-secret/1\n').update(secret).digest('hex');
}

/** Compares in constant time. */
export function isTokenSecret(secret: string, hash: string): boolean {
  const own = Buffer.from(hashTokenSecret(secret), 'hex');
  const kept = Buffer.from(hash, 'hex');
  return own.length === kept.length && timingSafeEqual(own, kept);
}

/** @returns groups of five characters, to be read out, typed or kept in a file. */
export function encodeEnrolmentToken(token: EnrolmentToken): string {
  const url = Buffer.from(readUrl(token.url), 'utf8');
  const content = Buffer.concat([
    Buffer.from([token.issuesSeal ? SEAL_FLAG : 0]),
    Buffer.from(token.id, 'hex'),
    Buffer.from(token.secret, 'hex'),
    Buffer.from(token.deskKeySha256, 'hex'),
    Buffer.from(token.registrarSha256, 'hex'),
    url,
  ]);
  if (content.length !== FIXED_BYTES - CHECK_BYTES + url.length)
    throw invalid('a part has a wrong length');
  const groups = encodeBase32(Buffer.concat([content, checkOf(content)])).match(
    new RegExp(`.{1,${GROUP_CHARACTERS}}`, 'gu'),
  );
  return [PREFIX, ...(groups ?? [])].join('-');
}

/**
 * Reads a token as it was typed: case, blanks, line ends and dashes do not matter, O is read as 0,
 * I and L as 1.
 *
 * @throws {@link BusError} `BUS_ENROLMENT_TOKEN_INVALID`; the message quotes nothing of the token.
 */
export function decodeEnrolmentToken(text: string): EnrolmentToken {
  if (text.length > MAX_TOKEN_CHARACTERS) throw invalid('it is too long');
  const plain = text.toUpperCase().replaceAll(/[\s-]/gu, '');
  if (!plain.startsWith(PREFIX)) throw invalid(`it does not start with ${PREFIX}`);
  const bytes = decodeBase32(plain.slice(PREFIX.length));
  if (bytes.length <= FIXED_BYTES) throw invalid('it is too short');
  const content = bytes.subarray(0, -CHECK_BYTES);
  if (!checkOf(content).equals(bytes.subarray(-CHECK_BYTES))) {
    throw invalid('a character is wrong or missing');
  }
  const flags = content[0] ?? 0;
  if ((flags & ~SEAL_FLAG) !== 0) throw invalid('it is of a later version');
  let offset = FLAGS_BYTES;
  const takeHex = (length: number): string => {
    offset += length;
    return content.subarray(offset - length, offset).toString('hex');
  };
  const id = takeHex(ID_BYTES);
  const secret = takeHex(SECRET_BYTES);
  const deskKeySha256 = takeHex(DIGEST_BYTES);
  const registrarSha256 = takeHex(DIGEST_BYTES);
  const url = readUrl(content.subarray(offset).toString('utf8'));
  return { url, deskKeySha256, registrarSha256, id, secret, issuesSeal: flags === SEAL_FLAG };
}

function readUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:' || url.username !== '' || url.hash !== '') {
    throw invalid('its address is not an https one');
  }
  const plain = `${url.origin}${url.pathname.replace(/\/+$/u, '')}`;
  if (Buffer.byteLength(plain) > MAX_URL_BYTES) throw invalid('its address is too long');
  return plain;
}

function checkOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(PREFIX).update(content).digest().subarray(0, CHECK_BYTES);
}

function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((value >> bits) & 31);
    }
  }
  return bits === 0 ? text : text + ALPHABET.charAt((value << (5 - bits)) & 31);
}

function decodeBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const typed of text) {
    const digit = ALPHABET.indexOf(typed.replace('O', '0').replace(/[IL]/u, '1'));
    if (digit < 0) throw invalid('it holds a character that no token has');
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  if (bits >= 5 || (value & ((1 << bits) - 1)) !== 0) throw invalid('its end is cut off');
  return Buffer.from(bytes);
}

function invalid(why: string): BusError {
  return new BusError('BUS_ENROLMENT_TOKEN_INVALID', `not an enrolment token: ${why}`, {
    details: { reason: why },
  });
}
