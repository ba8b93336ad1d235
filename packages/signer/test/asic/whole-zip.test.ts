import { describe, expect, it } from 'vitest';

import { findZipDeviation } from '../../src/asic/whole-zip.ts';
import { writeZip } from '../../src/asic/zip-write.ts';

const ENTRIES = ['mimetype', 'evidence.json', 'records/1.record'].map((name) => ({
  name,
  bytes: new TextEncoder().encode(`content of ${name}`),
}));

/** EN 319 162-1 §4.4.3 says what stands in a container; this, that nothing else does. */
describe('a ZIP that is to be whole', () => {
  it('is byte for byte what would be written of its entries', () => {
    expect(findZipDeviation(writeZip(ENTRIES, false))).toBeUndefined();
    expect(findZipDeviation(writeZip([], false).subarray(1))).toMatchObject({ entry: null });
  });

  it('is told with the place of any bit that differs, also where no reader looks', () => {
    const whole = writeZip(ENTRIES, false);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const changed = new Uint8Array(whole);
      changed[bit >> 3] = (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(findZipDeviation(changed), `bit ${bit}`).toBeDefined();
    }
    const inLocalTime = new Uint8Array(whole);
    inLocalTime[10] = 1; // modification time of the first local header
    expect(findZipDeviation(inLocalTime)).toMatchObject({ offset: 10, entry: 'mimetype' });
    const data = Buffer.from(whole).indexOf('content of evidence.json');
    const inData = new Uint8Array(whole);
    inData[data] = 0;
    expect(findZipDeviation(inData)).toMatchObject({ entry: 'evidence.json' });
  });
});
