import { resolve } from 'node:path';
import { writeFile } from 'node:fs/promises';

import type { Certificate } from '@congvan/signer';

import type { GlobalOptions } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { requireNewFile, writeNewFile } from '../../documents/write-new-file.ts';
import { printResult } from '../../output.ts';
import { renderFields } from '../../terminal/table.ts';
import { formatTime } from '../../terminal/time.ts';

/** A file to write, checked before any work is done. */
export async function newFile(cli: Cli, name: string): Promise<string> {
  const file = resolve(name);
  await requireNewFile(cli, file);
  return file;
}

/** Writes what holds a private key: for its owner only, and never over another file. */
export async function writeSecret(file: string, content: Uint8Array | string): Promise<void> {
  await writeFile(file, content, { mode: 0o600, flag: 'wx', flush: true });
}

/** Writes a certificate with its chain as PEM. */
export async function writeCertificates(
  cli: Cli,
  file: string,
  certificates: readonly Certificate[],
): Promise<void> {
  const { encodePem } = await import('@congvan/signer');
  const text = certificates.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
  await writeNewFile(cli, file, Buffer.from(text));
}

/** Prints what was issued. */
export function printIssued(
  cli: Cli,
  globals: GlobalOptions,
  { serialNumber, subjectText, sha256, notAfter }: Certificate,
  file: string,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const { text } = cli.messages;
  const json = { serialNumber, subject: subjectText, sha256, notAfter, file, ...more };
  printResult(cli, globals, json, () =>
    renderFields([
      [text.certificate, subjectText],
      [text.serialNumber, serialNumber],
      ['SHA-256', sha256],
      [text.validTo, formatTime(notAfter)],
      [text.file, file],
    ]),
  );
}
