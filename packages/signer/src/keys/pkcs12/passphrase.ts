/** A passphrase in the two forms that PKCS#12 knows. */
export interface Pkcs12Secret {
  /** For RFC 7292: a BMPString; undefined where a program wrote none at all for an empty one. */
  readonly bmp: string | undefined;
  /** For RFC 8018: UTF-8. */
  readonly utf8: string;
}

/**
 * The ways in which programs may have encoded what a person types: as it is; composed or decomposed,
 * as keyboards and systems differ for Vietnamese letters; and, for RFC 7292, with each byte of UTF-8
 * taken for a letter, as OpenSSL did before 1.1.0.
 */
export function passphraseForms(passphrase: string): readonly Pkcs12Secret[] {
  if (passphrase === '')
    return [
      { bmp: '', utf8: '' },
      { bmp: undefined, utf8: '' },
    ];
  const texts = new Set([passphrase, passphrase.normalize('NFC'), passphrase.normalize('NFD')]);
  const plain = [...texts].map((text) => ({ bmp: text, utf8: text }));
  const bytes = [...texts]
    .map((text) => ({ bmp: Buffer.from(text, 'utf8').toString('latin1'), utf8: text }))
    .filter(({ bmp, utf8 }) => bmp !== utf8);
  return [...plain, ...bytes];
}
