import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { appendRevision, signByHand } from './revision.ts';
import { plainPdf } from './sources.ts';
import { AT, type Victim, WIDGET, catalog, createVictim } from './victim.ts';

let author: Victim;

beforeAll(async () => {
  author = await createVictim();
});

describe('a report of verifyPdf', () => {
  it('says where a signature is shown and how much of the page it takes', async () => {
    const pdf = await signByHand(author.signed, author.mallory, { rect: '[560 160 400 80]' });
    const [first, second] = author.verify(pdf).signatures;
    expect(first?.widget).toBeNull();
    expect(second?.widget).toMatchObject({ page: 1, rect: [400, 80, 560, 160] });
    expect(second?.widget?.share).toBeCloseTo((160 * 80) / (595 * 842), 6);
    expect(first?.changesAfter).toEqual([
      'signature "Hand" was added (page 1, rectangle [400 80 560 160], 3 % of the page)',
    ]);
  });

  it('lists certifications and locks as such, and says where it is stricter', async () => {
    const certified = await signPdf(plainPdf(), author.signer, {
      signedAt: AT,
      certify: 2,
      lockFields: { include: ['amount'] },
    });
    expect(author.verify(certified).signatures[0]).toMatchObject({
      indication: 'TOTAL-PASSED',
      docMdp: 2,
      fieldLock: { include: ['amount'] },
      warnings: [],
    });
    const filled = appendRevision(certified, { 7: '<< /FT /Tx /T (amount) /V (900) >>' });
    expect(author.verify(filled).signatures[0]).toMatchObject({
      indication: 'TOTAL-FAILED',
      warnings: [
        'the certification (DocMDP P=2) allows filling in forms; for official documents nothing but further signatures may follow',
      ],
    });
    expect(author.verify(author.signed).signatures[0]).toMatchObject({
      docMdp: null,
      fieldLock: null,
    });
  });

  it('names the entries of the security store that it cannot use, and uses the others', () => {
    const crl = Buffer.from(author.pki.crl().der).toString('latin1');
    const pdf = appendRevision(author.signed, {
      1: catalog('/DSS 30 0 R'),
      30: '<< /Certs [31 0 R 32 0 R] /CRLs [33 0 R] >>',
      31: '<< /Length 2 >>\nstream\nab\nendstream',
      32: '(no stream)',
      33: `<< /Length ${crl.length} >>\nstream\n${crl}\nendstream`,
    });
    const report = author.verify(pdf);
    expect(report).toMatchObject({
      indication: 'TOTAL-PASSED',
      securityStore: { certificateCount: 0, crlCount: 1, ocspCount: 0 },
    });
    expect(report.securityStore?.unreadable.join('\n')).toMatch(
      /^Certs: object 31 .*\nCerts: object 32 \(no stream\)$/,
    );
    expect(author.verify(author.signed).securityStore).toBeNull();
  });

  it('does not take a signed PDF inside an attachment for a signature of the file', async () => {
    const inner = author.signed.toString('latin1');
    const source = plainPdf({
      20: `<< /Type /EmbeddedFile /Length ${inner.length} >>\nstream\n${inner}\nendstream`,
    });
    const report = author.verify(await author.sign(source));
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED', signatures: [{}] });
  });

  it('lists every signature, also when there are many, worst first in the verdict', async () => {
    let pdf: Uint8Array = author.signed;
    for (let i = 0; i < 5; i++) pdf = await author.sign(pdf, author.mallory);
    const report = author.verify(appendRevision(pdf, { [WIDGET]: 'null' }));
    expect(author.verify(pdf).signatures).toHaveLength(6);
    expect(author.verify(pdf).indication).toBe('TOTAL-PASSED');
    expect(report.indication).toBe('TOTAL-FAILED');
  });
});
