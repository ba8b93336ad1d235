import { encodeSetOf, readDer } from '../src/der/index.ts';
import { readSealBinding } from '../src/seal/binding.ts';
import { readMessage } from '../src/seal/message.ts';
import { readSealedInfo } from '../src/seal/seal.ts';
import { decryptSegment, readFileKey } from '../src/seal/segments.ts';
import { finding, tolerate } from './tolerate.ts';

/** The key that the segments of the seeds are encrypted with. */
export const SEGMENT_KEY = {
  key: Buffer.alloc(32, 7),
  prefix: Buffer.alloc(7, 9),
  segmentBytes: 64,
};
/** What they hold. */
export const SEGMENT_TEXT = Buffer.from('nội dung');

/** The bytes as a sealed message or header, a file key, a binding and a segment. */
export function fuzzSeal(bytes: Uint8Array): void {
  tolerate(() => void readSealedInfo(bytes));
  tolerate(() => {
    const { recipients, recipientCount, attributesDer, tag } = readMessage(bytes);
    if (recipients.length > recipientCount * 1_000 || tag.length !== 16) finding('impossible');
    if (attributesDer === undefined) return;
    // What is authenticated must be what every other reader authenticates.
    const members = readDer(attributesDer)
      .children()
      .map(({ raw }) => raw);
    if (Buffer.compare(encodeSetOf(members), attributesDer) !== 0) finding('not in DER order');
  });
  tolerate(() => void readFileKey(bytes, new Uint8Array(0)));
  tolerate(() => void readSealBinding(readDer(bytes)));
  tolerate(() => {
    const plaintext = decryptSegment(SEGMENT_KEY, 0, true, bytes);
    if (!SEGMENT_TEXT.equals(plaintext)) finding('content that nobody sealed');
  });
}
