import { hash } from 'node:crypto';

import { signCms } from '../cms/sign.ts';
import { addSignatureTimeStamp } from '../cms/time-stamp.ts';
import { verifyCms } from '../cms/verify.ts';
import { SignerError } from '../errors.ts';
import type { Signer } from '../keys/signer.ts';
import type { TimeStampSource } from '../tsp/source.ts';
import { type AsicFile, SIGNATURE_NAME, checkFiles } from './container.ts';
import { DEFAULT_ASIC_LIMITS } from './limits.ts';
import { MIMETYPE_NAME } from './names.ts';
import { ASIC_S_MEDIA_TYPE } from './open.ts';
import { writeZip } from './zip-write.ts';

const TIMESTAMP_NAME = 'META-INF/timestamp.tst';

/**
 * Packs one file with one signature or time-stamp into an ASiC-S container (ETSI EN 319 162-1 §4.3),
 * as one exports a single record: with the `signature` it has, with a new one of `signer`, or with a
 * time-stamp alone. With a signature, `timeStamps` makes it CAdES B-T. The same input gives the same
 * bytes.
 *
 * @throws {@link SignerError} `SIGNER_ASIC_NAME_INVALID`, `SIGNER_ASIC_LIMIT`; `SIGNER_INPUT_INVALID`
 *   when there is nothing to sign with, or the signature is one over other bytes; what signer and
 *   source throw.
 */
export async function buildAsicS(input: {
  readonly file: AsicFile;
  /** Detached CMS over the file; its certificate's trust is not judged. */
  readonly signature?: Uint8Array;
  readonly signer?: Signer;
  readonly timeStamps?: TimeStampSource;
  /** The time the signer claims. */
  readonly signedAt?: Date;
  readonly compress?: boolean;
}): Promise<Uint8Array> {
  const [file] = checkFiles([input.file], ({ bytes }) => bytes.length, DEFAULT_ASIC_LIMITS);
  if (file === undefined || file.name.includes('/')) {
    throw new SignerError('SIGNER_ASIC_NAME_INVALID', 'the file of ASiC-S stands at the top', {
      details: { name: input.file.name },
    });
  }
  return writeZip(
    [
      { name: MIMETYPE_NAME, bytes: Buffer.from(ASIC_S_MEDIA_TYPE) },
      file,
      await assertionOver(file.bytes, input),
    ],
    input.compress ?? false,
  );
}

async function assertionOver(
  content: Uint8Array,
  input: Omit<Parameters<typeof buildAsicS>[0], 'file'>,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }> {
  const { signature, signer, timeStamps, signedAt } = input;
  if (signature !== undefined) {
    const { subIndication, detail } = verifyCms({
      cms: signature,
      content,
      isOneSignerNeeded: true,
    });
    if (subIndication === 'HASH_FAILURE' || subIndication === 'FORMAT_FAILURE') {
      throw new SignerError('SIGNER_INPUT_INVALID', `the signature does not fit: ${detail}`);
    }
    const bytes = timeStamps ? await addSignatureTimeStamp(signature, timeStamps) : signature;
    return { name: SIGNATURE_NAME, bytes };
  }
  if (signer !== undefined) {
    const bytes = await signCms({ content }, signer, { timeStamps, signedAt });
    return { name: SIGNATURE_NAME, bytes };
  }
  if (timeStamps === undefined) {
    throw new SignerError('SIGNER_INPUT_INVALID', 'neither signature, signer nor time-stamps');
  }
  const name = timeStamps.hash ?? 'sha256';
  return {
    name: TIMESTAMP_NAME,
    bytes: await timeStamps.timeStamp(hash(name, content, 'buffer'), name),
  };
}
