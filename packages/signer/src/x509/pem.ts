import { SignerError } from '../errors.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/g;

/** Blocks of a PEM text with one of the labels, in order, as DER. */
export function decodePem(text: string, ...labels: readonly string[]): Uint8Array[] {
  return [...text.matchAll(BLOCK)]
    .filter(([, label = '']) => labels.includes(label))
    .map(([, , body = '']) => {
      const base64 = body.replaceAll(/\s/g, '');
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
        throw new SignerError('SIGNER_INPUT_INVALID', 'PEM block is not base64');
      }
      return Buffer.from(base64, 'base64');
    });
}

/** PEM with lines of 64 characters and a newline at the end (RFC 7468). */
export function encodePem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** True when the bytes start with a PEM header (possibly after white space or a comment). */
export function looksLikePem(bytes: Uint8Array): boolean {
  return bytes[0] !== 0x30 && Buffer.from(bytes.subarray(0, 65_536)).includes('-----BEGIN ');
}
