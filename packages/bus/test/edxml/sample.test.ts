import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { readEdxml, validateEdxml, writeEdxml } from '../../src/index.ts';
import { textsOf } from './fixture.ts';

/** Messages that other systems exchanged; they are not ours to keep in the repository. */
const SAMPLES = new URL('../../../../../shared/edxml-samples/', import.meta.url);
const NAMES = [
  'doc_new_3-attachments_2025.edxml',
  'doc_raw-pdf_priority1_2025.edxml',
  'status_01_inbox.edxml',
  'status_02_rejection.edxml',
  'status_06_finish.edxml',
];

describe('real messages', () => {
  it.skipIf(!existsSync(SAMPLES)).each(NAMES)('%s comes through without loss', async (name) => {
    const bytes = await readFile(new URL(name, SAMPLES));
    const message = readEdxml(bytes);
    const written = writeEdxml(message);
    expect(readEdxml(written)).toEqual(message);
    const added = name === 'doc_raw-pdf_priority1_2025.edxml' ? ['0'] : []; // BussinessDocType
    expect(textsOf(written)).toEqual([...textsOf(bytes), ...added].toSorted());
    const fatal = validateEdxml(message, {
      direction: 'receive',
      now: new Date(),
      allowSelf: true,
    });
    expect(fatal.filter(({ severity }) => severity !== 'warning')).toEqual([]);
  });

  it.skipIf(!existsSync(SAMPLES))('have their files unzipped, and raw ones left', async () => {
    const zipped = readEdxml(await readFile(new URL(NAMES[0] ?? '', SAMPLES)));
    const raw = readEdxml(await readFile(new URL(NAMES[1] ?? '', SAMPLES)));
    expect(zipped).toMatchObject({
      attachments: [{ name: 'localA.txt' }, { name: 'localB.txt' }, { name: 'localC.txt' }],
    });
    const files = zipped.kind === 'document' ? zipped.attachments : [];
    for (const { data, transferred } of files) {
      expect(Buffer.from(data ?? []).toString()).toMatch(/^[A-Z ]/);
      expect(transferred?.slice(0, 2)).toEqual(Uint8Array.from(Buffer.from('PK')));
    }
    const [pdf] = raw.kind === 'document' ? raw.attachments : [];
    expect(Buffer.from(pdf?.data ?? []).toString('latin1')).toMatch(/^%PDF-1\.3/);
    expect(pdf).not.toHaveProperty('transferred');
  });
});
