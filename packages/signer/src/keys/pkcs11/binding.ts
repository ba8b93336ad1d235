import { SignerError } from '../../errors.ts';

/** An opaque number of the module (CK_ULONG): a slot, a session or an object. */
export type Handle = Buffer;

/** CK_TOKEN_INFO; texts are padded with blanks. */
export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly flags: number;
}

/** CK_MECHANISM; of the parameters only those of RSA-PSS are needed here. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: {
    readonly type: number;
    readonly hashAlg: number;
    readonly mgf: number;
    readonly saltLen: number;
  };
}

type Template = { type: number; value?: number | string | boolean | Buffer }[];

/** What this package uses of pkcs11js. Kept apart from its types, so that ours need them nowhere. */
export interface Pkcs11Binding {
  load(path: string): void;
  C_Initialize(options?: { flags?: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent?: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_GetMechanismList(slot: Handle): number[];
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_GetSessionInfo(session: Handle): { readonly state: number };
  C_Login(session: Handle, userType: number, pin?: string): void;
  C_FindObjectsInit(session: Handle, template: Template): void;
  C_FindObjects(session: Handle, maxCount: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(
    session: Handle,
    object: Handle,
    template: Template,
  ): { readonly type: number; readonly value: unknown }[];
  C_SignInit(session: Handle, mechanism: Mechanism, key: Handle): void;
  C_Sign(session: Handle, data: Buffer, out: Buffer): Buffer;
  C_SignAsync(session: Handle, data: Buffer, out: Buffer): Promise<Buffer>;
}

/** CK_PARAMS_RSA_PSS of pkcs11js: which structure a parameter stands for. */
export const PARAMS_RSA_PSS = 5;

/**
 * Makes a binding from pkcs11js, which is an optional dependency: it is loaded here, when a token is
 * asked for, and nowhere else.
 *
 * @throws {@link SignerError} `SIGNER_TOKEN_LIBRARY_MISSING` with the next step.
 */
export async function createBinding(): Promise<Pkcs11Binding> {
  try {
    const { default: pkcs11js } = await import('pkcs11js');
    return new pkcs11js.PKCS11();
  } catch (cause) {
    const next = isAbsent(cause)
      ? 'it is not installed; run `npm install pkcs11js`'
      : 'it is not compiled for this machine; allow its install script and run `npm rebuild pkcs11js`';
    throw new SignerError(
      'SIGNER_TOKEN_LIBRARY_MISSING',
      `tokens need the package pkcs11js: ${next}`,
      { cause },
    );
  }
}

/** The package is missing, and not only the compiled file in it. */
function isAbsent(cause: unknown): boolean {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  const isNotFound = cause.code === 'ERR_MODULE_NOT_FOUND' || cause.code === 'MODULE_NOT_FOUND';
  return isNotFound && !cause.message.includes('pkcs11.node');
}
