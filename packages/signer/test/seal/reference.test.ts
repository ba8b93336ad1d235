import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

import { OID } from '../../src/der/index.ts';
import { createKeyDecryptor } from '../../src/seal/decryptor.ts';
import { MAX_MESSAGE_CONTENT_BYTES } from '../../src/seal/message.ts';
import { MAX_RECIPIENTS } from '../../src/seal/recipient.ts';
import { type SealedInfo, unsealStream } from '../../src/seal/seal.ts';
import {
  MAX_SEGMENT_BYTES,
  MIN_SEGMENT_BYTES,
  SEGMENTED_MAGIC,
  SEGMENT_BYTES,
} from '../../src/seal/segments.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { collect } from './parties.ts';

const page = readFileSync(
  new URL('../../../../docs/reference/sealed-file.md', import.meta.url),
  'utf8',
);

function block(name: string): Buffer {
  const [, base64 = ''] = new RegExp(`\`\`\`text ${name}\\n([^\`]+)\`\`\``).exec(page) ?? [];
  return Buffer.from(base64, 'base64');
}

it('the test vector of the reference opens to what the page says', async () => {
  const [, context = '', content = ''] =
    /context is `([^`]+)`, its content `([^`]+)`/.exec(page) ?? [];
  const decryptor = createKeyDecryptor({
    privateKey: createPrivateKey({ key: block('key'), format: 'der', type: 'pkcs8' }),
    certificate: parseCertificate(block('certificate')),
  });
  let info: SealedInfo | undefined;
  const opened = await collect(
    unsealStream([block('file')], {
      decryptor,
      context: Buffer.from(context),
      onHeader: (header) => (info = header),
    }),
  );
  expect(opened.toString()).toBe(content);
  expect(content).toContain('Quảng Trị');
  expect(info).toMatchObject({ form: 'segments', recipients: [{}] });
});

it('the reference names the limits and identifiers that the code has', () => {
  expect(page).toContain(`up to ${MAX_MESSAGE_CONTENT_BYTES / 2 ** 20} MiB is one CMS message`);
  expect(page).toContain(`1 to ${MAX_RECIPIENTS.toLocaleString('en')}`);
  expect(page).toContain(
    `(${MIN_SEGMENT_BYTES}..${MAX_SEGMENT_BYTES}) } -- we write ${SEGMENT_BYTES}`,
  );
  expect(page).toContain(`\`${SEGMENTED_MAGIC.toString().trim()}\` and a line feed`);
  expect(page).toContain(OID.sealBinding);
  expect(page).toContain(OID.sealedFileKey);
});
