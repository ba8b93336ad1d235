import {
  type DerElement,
  TAG,
  contextConstructed,
  contextPrimitive,
  readDer,
} from '../der/index.ts';
import { SignerError } from '../errors.ts';
import { type DistinguishedName, readName } from './name.ts';

/** GeneralName (RFC 5280 §4.2.1.6); forms that nothing here compares keep only their tag. */
export type GeneralName =
  | { readonly kind: 'email' | 'dns' | 'uri'; readonly text: string }
  | { readonly kind: 'directory'; readonly name: DistinguishedName }
  | { readonly kind: 'ip'; readonly bytes: Uint8Array }
  | { readonly kind: 'other'; readonly tag: number; readonly der: Uint8Array };

function asciiText(element: DerElement): string {
  if (element.content.some((byte) => byte >= 0x80)) {
    throw new SignerError('SIGNER_DER_INVALID', 'IA5String is not ASCII');
  }
  return Buffer.from(element.content).toString('latin1');
}

export function readGeneralName(element: DerElement): GeneralName {
  switch (element.tag) {
    case contextPrimitive(1):
      return { kind: 'email', text: asciiText(element) };
    case contextPrimitive(2):
      return { kind: 'dns', text: asciiText(element) };
    case contextConstructed(4):
      return { kind: 'directory', name: readName(readDer(element.content)) };
    case contextPrimitive(6):
      return { kind: 'uri', text: asciiText(element) };
    case contextPrimitive(7):
      return { kind: 'ip', bytes: element.content };
    default:
      return { kind: 'other', tag: element.tag, der: element.raw };
  }
}

/** GeneralNames: a SEQUENCE, or implicitly tagged. */
export function readGeneralNames(
  element: DerElement,
  tag: number = TAG.SEQUENCE,
): readonly GeneralName[] {
  if (element.tag !== tag) {
    throw new SignerError('SIGNER_DER_INVALID', 'GeneralNames expected');
  }
  return element.children().map(readGeneralName);
}

/** Same name, forms compared as RFC 5280 §7 says. */
export function generalNamesEqual(a: GeneralName, b: GeneralName): boolean {
  if (a.kind === 'directory') return b.kind === 'directory' && a.name.key === b.name.key;
  if (a.kind === 'ip') return b.kind === 'ip' && Buffer.compare(a.bytes, b.bytes) === 0;
  if (a.kind === 'other') return b.kind === 'other' && Buffer.compare(a.der, b.der) === 0;
  return b.kind === a.kind && a.text === b.text;
}

/**
 * An address as RFC 3986 has it: printable ASCII without spaces. Errors and logs repeat addresses, and
 * others could hold what a terminal obeys.
 */
export function isPrintable(address: string): boolean {
  return /^[\x21-\x7e]+$/.test(address);
}
