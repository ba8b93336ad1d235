import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Certificate, Signer } from '@congvan/signer';

import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { isSystemError } from '../home/input-file.ts';
import type { HomeLayout } from '../home/layout.ts';
import type { Passphrases } from '../passphrase/passphrase.ts';

/** Where the key of the issuing authority is, when it is not in the folder. */
export interface CaTokenSettings {
  /** PKCS#11 module. */
  readonly token: string;
  readonly tokenLabel?: string | undefined;
  readonly keyLabel?: string | undefined;
}

function fileOf(layout: HomeLayout): string {
  return join(layout.ca, 'token.json');
}

/** Notes which token later commands have to open; the PIN is never written down. */
export async function writeCaToken(layout: HomeLayout, settings: CaTokenSettings): Promise<void> {
  const { token, tokenLabel, keyLabel } = settings;
  const text = JSON.stringify({ token, tokenLabel, keyLabel }, undefined, 2);
  await writeFile(fileOf(layout), `${text}\n`, { mode: 0o640, flush: true });
}

/**
 * The token of the authority in this home; `undefined` when its key is a file.
 *
 * @throws {@link CliError} `CLI_FILE_UNREADABLE` when the settings are damaged.
 */
export async function readCaToken(
  cli: Pick<Cli, 'messages'>,
  layout: HomeLayout,
): Promise<CaTokenSettings | undefined> {
  const file = fileOf(layout);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw damaged(cli, file, error);
  }
  if (!isSettings(value)) throw damaged(cli, file, undefined);
  return value;
}

function isSettings(value: unknown): value is CaTokenSettings {
  if (typeof value !== 'object' || value === null) return false;
  const { token, tokenLabel, keyLabel }: Partial<Record<keyof CaTokenSettings, unknown>> = value;
  const isOptional = (text: unknown): boolean => text === undefined || typeof text === 'string';
  return typeof token === 'string' && isOptional(tokenLabel) && isOptional(keyLabel);
}

function damaged(cli: Pick<Cli, 'messages'>, file: string, cause: unknown): CliError {
  const message = cli.messages.ca.noTokenCertificate(file);
  return new CliError('CLI_FILE_UNREADABLE', message, { cause, details: { file } });
}

/**
 * Opens the key on the token; the PIN is asked for when the token wants it.
 *
 * @param certificate - of the issuing authority; left out, the one on the token names the key.
 */
export async function openCaToken(
  cli: Pick<Cli, 'messages'>,
  { token, tokenLabel, keyLabel }: CaTokenSettings,
  passphrases: Passphrases,
  certificate?: Certificate,
): Promise<Signer> {
  const { openToken } = await import('@congvan/signer');
  return await openToken({
    module: token,
    ...(tokenLabel === undefined ? {} : { tokenLabel }),
    ...(keyLabel === undefined ? {} : { keyLabel }),
    ...(certificate === undefined ? {} : { certificate }),
    pin: async () => await passphrases.get('caPin', cli.messages.ca.caPin),
  });
}
