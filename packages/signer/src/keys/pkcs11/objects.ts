import { SignerError } from '../../errors.ts';
import { type Certificate, parseCertificate } from '../../x509/certificate.ts';
import type { Handle, Pkcs11Binding } from './binding.ts';
import { CKA, CKO } from './constants.ts';

/** Which key of the token; without either, the only one that can sign. */
export interface KeyChoice {
  readonly keyLabel?: string;
  /** CKA_ID in hexadecimal. */
  readonly keyId?: string;
}

/** A certificate on a token. */
export interface TokenCertificate {
  readonly label: string;
  /** CKA_ID in hexadecimal; key and certificate that belong together have the same. */
  readonly keyId: string;
  readonly certificate: Certificate;
}

/** A private key on a token. */
export interface TokenKey {
  readonly handle: Handle;
  readonly label: string;
  readonly keyId: string;
  /** The PIN is wanted for each signature (CKA_ALWAYS_AUTHENTICATE). */
  readonly alwaysAuthenticates: boolean;
}

/** More objects of one kind are not looked at. */
const MAX_OBJECTS = 256;
/** Shorter values would be found in any key by chance. */
const MIN_POINT_BYTES = 32;

/** Looks into one session's objects. */
export class TokenObjects {
  readonly #binding: Pkcs11Binding;
  readonly #session: Handle;

  constructor(binding: Pkcs11Binding, session: Handle) {
    this.#binding = binding;
    this.#session = session;
  }

  /** Certificates that can be read; others are passed over. */
  certificates(): TokenCertificate[] {
    return this.#find(CKO.CERTIFICATE).flatMap((object) => {
      const value = this.#attribute(object, CKA.VALUE);
      try {
        return value === undefined
          ? []
          : [{ ...this.#names(object), certificate: parseCertificate(value) }];
      } catch (error) {
        if (error instanceof SignerError) return [];
        throw error;
      }
    });
  }

  /** Private keys that may sign. Most tokens show them only after log-in. */
  keys(): TokenKey[] {
    return this.#find(CKO.PRIVATE_KEY)
      .filter((object) => this.#attribute(object, CKA.SIGN)?.[0] !== 0)
      .map((handle) => ({
        ...this.#names(handle),
        handle,
        alwaysAuthenticates: this.#attribute(handle, CKA.ALWAYS_AUTHENTICATE)?.[0] === 1,
      }));
  }

  /**
   * Whether a key is the one of the certificate: by the modulus of the private key, or by the point of
   * the public key that belongs to it. Undefined when the token shows neither.
   */
  isKeyOf(key: TokenKey, certificate: Certificate): boolean | undefined {
    const spki = certificate.publicKey.export({ format: 'der', type: 'spki' });
    const number = this.#attribute(key.handle, CKA.MODULUS) ?? this.#publicPoint(key);
    if (number === undefined) return undefined;
    const shown = number.subarray(number[0] === 0 ? 1 : 0);
    return shown.length >= MIN_POINT_BYTES ? spki.includes(shown) : undefined;
  }

  /** CKA_EC_POINT is an OCTET STRING by the standard, the bare point in some modules. */
  #publicPoint(key: TokenKey): Buffer | undefined {
    const own = this.#find(CKO.PUBLIC_KEY).find((object) => {
      const { keyId, label } = this.#names(object);
      return keyId === key.keyId && (keyId !== '' || label === key.label);
    });
    const point = own === undefined ? undefined : this.#attribute(own, CKA.EC_POINT);
    const isWrapped = point?.[0] === 0x04 && point[1] === point.length - 2;
    return isWrapped ? point.subarray(2) : point;
  }

  #find(objectClass: number): Handle[] {
    this.#binding.C_FindObjectsInit(this.#session, [{ type: CKA.CLASS, value: objectClass }]);
    try {
      const found: Handle[] = [];
      while (found.length < MAX_OBJECTS) {
        const some = this.#binding.C_FindObjects(this.#session, MAX_OBJECTS - found.length);
        if (some.length === 0) break;
        found.push(...some);
      }
      return found;
    } finally {
      this.#binding.C_FindObjectsFinal(this.#session);
    }
  }

  #names(object: Handle): { readonly label: string; readonly keyId: string } {
    return {
      label: this.#attribute(object, CKA.LABEL)?.toString('utf8') ?? '',
      keyId: this.#attribute(object, CKA.ID)?.toString('hex') ?? '',
    };
  }

  /** One at a time: a module refuses all of them for one it does not have. */
  #attribute(object: Handle, type: number): Buffer | undefined {
    try {
      const [attribute] = this.#binding.C_GetAttributeValue(this.#session, object, [{ type }]);
      const value = attribute?.value;
      return Buffer.isBuffer(value) && value.length > 0 ? value : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * Picks the key that is meant.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_KEY_NOT_FOUND`; the message lists the keys there are.
 */
export function pickKey(keys: readonly TokenKey[], wanted: KeyChoice, token: string): TokenKey {
  const { keyLabel, keyId } = wanted;
  const fitting = keys.filter(
    (key) =>
      (keyLabel === undefined || key.label.normalize() === keyLabel.normalize()) &&
      (keyId === undefined || key.keyId === keyId.toLowerCase()),
  );
  const [key] = fitting;
  if (key !== undefined && fitting.length === 1) return key;
  const names = keys.map(({ label, keyId: id }) => `'${label}' (id ${id})`).join(', ');
  const there = names === '' ? 'it holds no key that can sign' : `it holds ${names}`;
  const many =
    fitting.length > 1 ? `${fitting.length} keys fit, say which by its id` : 'no such key';
  throw new SignerError('SIGNER_TOKEN_KEY_NOT_FOUND', `token '${token}': ${many}; ${there}`, {
    details: { token },
  });
}
