/**
 * Puts keys and certificates on a token, in a process of its own: a PKCS#11 module belongs to a whole
 * process, and the tests' own one is what they test. Reads a {@link PutRequest} from stdin.
 */
import { type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type * as pkcs11js from 'pkcs11js';

/** One key, one certificate or both, under one label and id. */
export interface TokenObject {
  readonly label: string;
  /** CKA_ID, hexadecimal. */
  readonly id: string;
  /** PKCS#8, PEM. */
  readonly privateKey?: string;
  /** DER, base64. */
  readonly certificate?: string;
  readonly alwaysAuthenticate?: boolean;
  /** Leaves the public key out, as some tokens do. */
  readonly withoutPublicKey?: boolean;
}

export interface PutRequest {
  readonly module: string;
  readonly serialNumber: string;
  readonly pin: string;
  readonly objects: readonly TokenObject[];
}

type Template = pkcs11js.Template;

const { default: library } = await import('pkcs11js');
const request = JSON.parse(readFileSync(0, 'utf8')) as PutRequest;
const module = new library.PKCS11();
module.load(request.module);
module.C_Initialize();
const slot = module
  .C_GetSlotList(true)
  .find((one) => module.C_GetTokenInfo(one).serialNumber.trim() === request.serialNumber);
if (slot === undefined) throw new Error(`no token ${request.serialNumber}`);
const session = module.C_OpenSession(slot, library.CKF_SERIAL_SESSION | library.CKF_RW_SESSION);
module.C_Login(session, library.CKU_USER, request.pin);
for (const object of request.objects) {
  for (const template of templatesOf(object)) module.C_CreateObject(session, template);
}
module.C_Finalize();

function templatesOf(object: TokenObject): Template[] {
  const names = [
    { type: library.CKA_TOKEN, value: true },
    { type: library.CKA_LABEL, value: object.label },
    { type: library.CKA_ID, value: Buffer.from(object.id, 'hex') },
  ];
  const templates: Template[] = [];
  if (object.privateKey !== undefined) {
    const key = createPrivateKey(object.privateKey);
    const isPrivate = [
      { type: library.CKA_CLASS, value: library.CKO_PRIVATE_KEY },
      { type: library.CKA_PRIVATE, value: true },
      { type: library.CKA_SENSITIVE, value: true },
      { type: library.CKA_SIGN, value: true },
      { type: library.CKA_ALWAYS_AUTHENTICATE, value: object.alwaysAuthenticate === true },
    ];
    templates.push([...names, ...isPrivate, ...privatePart(key)]);
    if (object.withoutPublicKey !== true) {
      const isPublic = [{ type: library.CKA_CLASS, value: library.CKO_PUBLIC_KEY }];
      templates.push([...names, ...isPublic, ...publicPart(createPublicKey(key))]);
    }
  }
  if (object.certificate !== undefined) {
    templates.push([
      ...names,
      { type: library.CKA_CLASS, value: library.CKO_CERTIFICATE },
      { type: library.CKA_CERTIFICATE_TYPE, value: library.CKC_X_509 },
      { type: library.CKA_PRIVATE, value: false },
      { type: library.CKA_SUBJECT, value: Buffer.alloc(0) },
      { type: library.CKA_VALUE, value: Buffer.from(object.certificate, 'base64') },
    ]);
  }
  return templates;
}

function privatePart(key: KeyObject): Template {
  const jwk = key.export({ format: 'jwk' });
  const number = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  if (key.asymmetricKeyType === 'rsa') {
    return [
      { type: library.CKA_KEY_TYPE, value: library.CKK_RSA },
      { type: library.CKA_MODULUS, value: number(jwk.n) },
      { type: library.CKA_PUBLIC_EXPONENT, value: number(jwk.e) },
      { type: library.CKA_PRIVATE_EXPONENT, value: number(jwk.d) },
      { type: library.CKA_PRIME_1, value: number(jwk.p) },
      { type: library.CKA_PRIME_2, value: number(jwk.q) },
      { type: library.CKA_EXPONENT_1, value: number(jwk.dp) },
      { type: library.CKA_EXPONENT_2, value: number(jwk.dq) },
      { type: library.CKA_COEFFICIENT, value: number(jwk.qi) },
    ];
  }
  return [...curve(key), { type: library.CKA_VALUE, value: number(jwk.d) }];
}

function publicPart(key: KeyObject): Template {
  const jwk = key.export({ format: 'jwk' });
  const number = (text: string | undefined) => Buffer.from(text ?? '', 'base64url');
  if (key.asymmetricKeyType === 'rsa') {
    return [
      { type: library.CKA_KEY_TYPE, value: library.CKK_RSA },
      { type: library.CKA_MODULUS, value: number(jwk.n) },
      { type: library.CKA_PUBLIC_EXPONENT, value: number(jwk.e) },
      { type: library.CKA_VERIFY, value: true },
    ];
  }
  const isEdwards = key.asymmetricKeyType === 'ed25519';
  const point = isEdwards
    ? number(jwk.x)
    : Buffer.concat([Buffer.of(4), number(jwk.x), number(jwk.y)]);
  const value = Buffer.concat([Buffer.of(4, point.length), point]);
  return [...curve(key), { type: library.CKA_EC_POINT, value }];
}

/** CKK_EC with the curve's identifier; CKK_EC_EDWARDS (0x40) with its name, as SoftHSM wants it. */
function curve(key: KeyObject): Template {
  const names: Readonly<Record<string, string>> = {
    prime256v1: '06082a8648ce3d030107',
    secp384r1: '06052b81040022',
    ed25519: '130c656477617264733235353139',
  };
  const name = key.asymmetricKeyDetails?.namedCurve ?? 'ed25519';
  return [
    { type: library.CKA_KEY_TYPE, value: name === 'ed25519' ? 0x40 : library.CKK_EC },
    { type: library.CKA_EC_PARAMS, value: Buffer.from(names[name] ?? '', 'hex') },
  ];
}
