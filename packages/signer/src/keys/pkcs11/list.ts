import { CKF } from './constants.ts';
import { tokenError } from './failure.ts';
import { type TokenModule, acquireModule, releaseModule } from './module.ts';
import { type TokenCertificate, TokenObjects } from './objects.ts';
import { type FoundToken, type TokenDescription, presentTokens } from './slots.ts';

/** A token and what it shows without a PIN. */
export interface ListedToken extends TokenDescription {
  readonly certificates: readonly TokenCertificate[];
}

/**
 * Lists the tokens a PKCS#11 module sees, with their certificates. No PIN is needed; keys stay
 * hidden, but a certificate's `keyId` is that of its key.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_LIBRARY_MISSING`.
 */
export async function listTokens(options: { readonly module: string }): Promise<ListedToken[]> {
  const user = { serialNumber: undefined };
  const module = await acquireModule(options.module, user);
  try {
    const { binding } = module;
    return allTokens(module).map(({ handle, description }) => {
      try {
        const session = binding.C_OpenSession(handle, CKF.SERIAL_SESSION);
        try {
          return {
            ...description,
            certificates: new TokenObjects(binding, session).certificates(),
          };
        } finally {
          binding.C_CloseSession(session);
        }
      } catch {
        return { ...description, certificates: [] }; // pulled out just now
      }
    });
  } finally {
    releaseModule(module, user);
  }
}

function allTokens({ binding, path }: TokenModule): FoundToken[] {
  try {
    return presentTokens(binding);
  } catch (error) {
    throw tokenError(error, path);
  }
}
