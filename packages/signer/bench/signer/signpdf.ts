import { type KeyObject, constants, privateEncrypt } from 'node:crypto';

import { plainAddPlaceholder } from '@signpdf/placeholder-plain';
import { P12Signer } from '@signpdf/signer-p12';
import { SignPdf } from '@signpdf/signpdf';
import { Signer } from '@signpdf/utils';
import forge from 'node-forge';

const signpdf = new SignPdf();
const PLACEHOLDER = { reason: 'Phe duyet', contactInfo: '', name: 'UBND', location: 'Quang Tri' };

/** What the README of @signpdf shows: a placeholder, the P12 file, `sign`. */
export async function signAsPublished(
  pdf: Buffer,
  p12: Buffer,
  passphrase: string,
): Promise<Buffer> {
  // A P12Signer reads its buffer to the end and cannot be used again.
  const signer = new P12Signer(p12, { passphrase });
  return await signpdf.sign(plainAddPlaceholder({ pdfBuffer: pdf, ...PLACEHOLDER }), signer);
}

/** DigestInfo of SHA-256 (RFC 8017 §9.2) up to the digest. */
const SHA256_PREFIX = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** A Signer as one would write it for speed: the P12 opened once, RSA done by OpenSSL. */
class TunedSigner extends Signer {
  private readonly certificates: forge.pki.Certificate[];
  private readonly key: forge.pki.rsa.PrivateKey;

  constructor(p12: Buffer, passphrase: string, native: KeyObject) {
    super();
    const asn1 = forge.asn1.fromDer(p12.toString('binary'));
    const opened = forge.pkcs12.pkcs12FromAsn1(asn1, false, passphrase);
    const { certBag = '', pkcs8ShroudedKeyBag = '' } = forge.pki.oids;
    const certificates = opened.getBags({ bagType: certBag })[certBag] ?? [];
    this.certificates = certificates.flatMap(({ cert }) => (cert === undefined ? [] : [cert]));
    const keys = opened.getBags({ bagType: pkcs8ShroudedKeyBag })[pkcs8ShroudedKeyBag];
    const key = keys?.[0]?.key;
    if (key === undefined || !('d' in key)) throw new Error('no RSA key in the P12');
    key.sign = (digest): string => {
      if (typeof digest === 'string') throw new Error('no digest to sign');
      const info = Buffer.from(digest.digest().getBytes(), 'binary');
      const padded = { key: native, padding: constants.RSA_PKCS1_PADDING };
      return privateEncrypt(padded, Buffer.concat([SHA256_PREFIX, info])).toString('binary');
    };
    this.key = key;
  }

  override async sign(pdf: Buffer, signingTime?: Date): Promise<Buffer> {
    const { contentType = '', data = '', messageDigest = '', sha256 = '' } = forge.pki.oids;
    const [certificate] = this.certificates;
    if (certificate === undefined) throw new Error('no certificate in the P12');
    const p7 = forge.pkcs7.createSignedData();
    p7.content = forge.util.createBuffer(pdf.toString('binary'));
    for (const one of this.certificates) p7.addCertificate(one);
    p7.addSigner({
      key: this.key,
      certificate,
      digestAlgorithm: sha256,
      authenticatedAttributes: [
        { type: contentType, value: data },
        {
          type: forge.pki.oids['signingTime'] ?? '',
          value: (signingTime ?? new Date()).toISOString(),
        },
        { type: messageDigest },
      ],
    });
    p7.sign({ detached: true });
    return Promise.resolve(Buffer.from(forge.asn1.toDer(p7.toAsn1()).getBytes(), 'binary'));
  }
}

/** @returns a function that signs with everything cached that can be. */
export function tunedSignPdf(
  p12: Buffer,
  passphrase: string,
  native: KeyObject,
): (pdf: Buffer) => Promise<Buffer> {
  const signer = new TunedSigner(p12, passphrase, native);
  return async (pdf) =>
    await signpdf.sign(plainAddPlaceholder({ pdfBuffer: pdf, ...PLACEHOLDER }), signer);
}
