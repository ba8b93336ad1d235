import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Signer } from '@congvan/signer';

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
  return join(layout.root, 'ca-tokens.json');
}

/**
 * Notes one more token for later commands to open; the PIN is never written down. It is noted before the
 * authority uses its key: a token that no authority uses does no harm, one that is forgotten does.
 */
export async function noteCaToken(
  cli: Pick<Cli, 'messages'>,
  layout: HomeLayout,
  settings: CaTokenSettings,
): Promise<void> {
  const { token, tokenLabel, keyLabel } = settings;
  const tokens = [...(await readCaTokens(cli, layout)), { token, tokenLabel, keyLabel }];
  const file = fileOf(layout);
  await mkdir(layout.root, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { flush: true });
  await rename(`${file}.new`, file);
}

async function readCaTokens(
  cli: Pick<Cli, 'messages'>,
  layout: HomeLayout,
): Promise<readonly CaTokenSettings[]> {
  const file = fileOf(layout);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw damaged(cli, file, error);
  }
  const tokens: unknown =
    typeof value === 'object' && value !== null && 'tokens' in value ? value.tokens : undefined;
  if (!Array.isArray(tokens) || !tokens.every(isSettings)) throw damaged(cli, file, undefined);
  return tokens;
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
 * Opens the keys of the authority in this home that are on tokens. Only the newest has to be there:
 * without an older one the lists of an earlier issuing authority are not renewed.
 */
export async function openCaTokens(
  cli: Pick<Cli, 'io' | 'messages'>,
  layout: HomeLayout,
  passphrases: Passphrases,
): Promise<readonly Signer[]> {
  const tokens = await readCaTokens(cli, layout);
  const signers: Signer[] = [];
  for (const settings of tokens.toReversed()) {
    try {
      signers.push(await openCaToken(cli, settings, passphrases));
    } catch (error) {
      if (signers.length === 0) throw error;
      cli.io.err(`${cli.messages.text.warning}: ${String(error)}\n`);
    }
  }
  return signers;
}

/** Opens a key on a token; the PIN is asked for when the token wants it. */
export async function openCaToken(
  cli: Pick<Cli, 'messages'>,
  { token, tokenLabel, keyLabel }: CaTokenSettings,
  passphrases: Passphrases,
): Promise<Signer> {
  const { openToken } = await import('@congvan/signer');
  return await openToken({
    module: token,
    ...(tokenLabel === undefined ? {} : { tokenLabel }),
    ...(keyLabel === undefined ? {} : { keyLabel }),
    pin: async () => await passphrases.get('caPin', cli.messages.ca.caPin),
  });
}
