import { type OpenTokenOptions, openToken } from './pkcs11/token.ts';
import { type OpenPkcs12Options, openPkcs12 } from './pkcs12/read.ts';
import { type OpenRemoteSignerOptions, openRemoteSigner } from './remote/signer.ts';
import type { Signer } from './signer.ts';

/** Where a key is kept, and how to get at it. */
export type KeyDescription =
  | ({
      readonly kind: 'p12';
      /** The file's bytes. */
      readonly p12: Uint8Array;
      readonly passphrase: () => Promise<string>;
    } & OpenPkcs12Options)
  | ({ readonly kind: 'token' } & OpenTokenOptions)
  | ({ readonly kind: 'remote' } & OpenRemoteSignerOptions);

/** A signer that is to be closed: tokens have sessions, services have waiting requests. */
export type OpenedSigner = Signer & AsyncDisposable;

/**
 * Opens a key wherever it is kept, for programs that let the user choose.
 *
 * @throws {@link SignerError} as {@link openPkcs12}, {@link openToken} and {@link openRemoteSigner}.
 */
export async function openSigner(description: KeyDescription): Promise<OpenedSigner> {
  switch (description.kind) {
    case 'p12': {
      const signer = openPkcs12(description.p12, await description.passphrase(), description);
      return { ...signer, [Symbol.asyncDispose]: async () => undefined };
    }
    case 'token':
      return await openToken(description);
    case 'remote':
      return await openRemoteSigner(description);
  }
}
