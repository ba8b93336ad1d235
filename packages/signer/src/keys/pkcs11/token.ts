import { SignerError } from '../../errors.ts';
import type { Certificate } from '../../x509/certificate.ts';
import { verifyRaw } from '../../x509/public-key.ts';
import { chainOf } from '../chain.ts';
import { createLanes } from '../lanes.ts';
import {
  SIGNATURE_SCHEMES,
  type SignatureAlgorithm,
  type Signer,
  chooseAlgorithm,
} from '../signer.ts';
import { TokenConnection, mismatch } from './connection.ts';
import type { AskPin } from './login.ts';
import { acquireModule, releaseModule } from './module.ts';
import type { KeyChoice, TokenKey, TokenObjects } from './objects.ts';
import type { PinState, TokenChoice, TokenDescription } from './slots.ts';

/** Sessions kept open with a token unless told otherwise. */
const SESSION_COUNT = 4;
const MAX_SESSION_COUNT = 64;
/** How long a signature waits for a token that was pulled out, unless told otherwise. */
const WAIT_MS = 30_000;
const POLL_MS = 500;

/** Which token, which key, and how to get at it. */
export interface OpenTokenOptions extends TokenChoice, KeyChoice {
  /** The vendor's PKCS#11 library: a path, or a name the system finds. */
  readonly module: string;
  /** Asked when the token wants it: at log-in, after it was put back, or for each signature. */
  readonly pin: AskPin;
  /** The certificate, when it does not stand on the token. */
  readonly certificate?: Certificate;
  /** Issuers, when they do not stand on the token. */
  readonly chain?: readonly Certificate[];
  /** What {@link Signer.algorithm} shall be. */
  readonly algorithm?: SignatureAlgorithm;
  /** How many signatures the token may work on at once: 1 to 64. Default: 4. */
  readonly sessions?: number;
  /** How long a signature waits for a token that was pulled out. Default: 30 s. */
  readonly waitMs?: number;
  /** How often it looks for it. Default: 500 ms. */
  readonly pollMs?: number;
  /** Hears of a PIN that is near to being locked, just before it is asked for. */
  readonly onPinState?: (state: PinState, token: TokenDescription) => void;
}

/** A signer whose key stays in a token. Disposing it closes the sessions. */
export interface TokenSigner extends Signer, AsyncDisposable {
  readonly token: TokenDescription;
}

/**
 * Opens a key on a PKCS#11 token (USB token, smart card, HSM).
 *
 * Signatures are made in the order they are asked for, several at a time where the token has
 * sessions for it, in threads of their own; each is checked against the certificate before it is
 * given out. When the token is pulled out, signatures wait up to `waitMs` for the same token to come
 * back, and the PIN is asked for again. A wrong PIN is never tried a second time.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_LIBRARY_MISSING`, `SIGNER_TOKEN_ABSENT`,
 *   `SIGNER_TOKEN_PIN_WRONG`, `SIGNER_TOKEN_PIN_LOCKED`, `SIGNER_TOKEN_KEY_NOT_FOUND`,
 *   `SIGNER_KEY_MISMATCH`, `SIGNER_ALGORITHM_UNSUPPORTED`, `SIGNER_INPUT_INVALID`.
 */
export async function openToken(options: OpenTokenOptions): Promise<TokenSigner> {
  const { sessions = SESSION_COUNT, waitMs = WAIT_MS, pollMs = POLL_MS } = options;
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > MAX_SESSION_COUNT) {
    throw new SignerError(
      'SIGNER_INPUT_INVALID',
      `1 to ${MAX_SESSION_COUNT} sessions, not ${sessions}`,
    );
  }
  const connection = new TokenConnection({
    token: options,
    key: options,
    ask: options.pin,
    sessionCount: sessions,
    waitMs,
    pollMs,
    onPinState: options.onPinState ?? (() => undefined),
  });
  const module = await acquireModule(options.module, connection);
  try {
    let onToken: readonly Certificate[] = [];
    const { certificate, token } = await connection.open(module, (objects, key, { label }) => {
      const certificates = objects.certificates();
      onToken = certificates.map((entry) => entry.certificate);
      return options.certificate === undefined
        ? pickCertificate(objects, key, label)
        : requireMatch(objects, key, label, options.certificate);
    });
    const algorithm = chooseAlgorithm(certificate, options.algorithm);
    const lanes = createLanes(connection.sessionCount);
    return {
      certificate,
      chain: chainOf(certificate, [...(options.chain ?? []), ...onToken]),
      algorithm,
      token,
      async sign(tbs, wanted, { signal } = {}) {
        const scheme = SIGNATURE_SCHEMES[chooseAlgorithm(certificate, wanted)];
        return await lanes.run(async (lane) => {
          const signature = await connection.sign(scheme, tbs, lane);
          if (!verifyRaw(scheme, certificate.publicKey, tbs, signature)) {
            throw mismatch(token.label, certificate);
          }
          return signature;
        }, signal);
      },
      async [Symbol.asyncDispose]() {
        await lanes.close();
        connection.close();
        releaseModule(module, connection);
      },
    };
  } catch (error) {
    connection.close();
    releaseModule(module, connection);
    throw error;
  }
}

/** The certificate of a key: same CKA_ID, or else same public key; the newest, should it be renewed. */
function pickCertificate(objects: TokenObjects, key: TokenKey, label: string): Certificate {
  const all = objects.certificates();
  const named = all.filter(({ keyId }) => keyId !== '' && keyId === key.keyId);
  const judged = (named.length > 0 ? named : all).map(({ certificate }) => ({
    certificate,
    isMatch: objects.isKeyOf(key, certificate),
  }));
  const sure = judged.filter(({ isMatch }) => isMatch === true);
  const likely = named.length > 0 ? judged.filter(({ isMatch }) => isMatch === undefined) : [];
  const [newest] = (sure.length > 0 ? sure : likely)
    .map(({ certificate }) => certificate)
    .toSorted((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  if (newest !== undefined) return newest;
  throw new SignerError(
    'SIGNER_TOKEN_KEY_NOT_FOUND',
    `token '${label}' has no certificate for its key '${key.label}': give it as \`certificate\``,
    { details: { token: label } },
  );
}

function requireMatch(
  objects: TokenObjects,
  key: TokenKey,
  label: string,
  certificate: Certificate,
): Certificate {
  if (objects.isKeyOf(key, certificate) === false) throw mismatch(label, certificate);
  return certificate;
}
