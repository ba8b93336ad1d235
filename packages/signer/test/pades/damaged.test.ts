import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { verifyPdf } from '../../src/pades/verify.ts';
import { type TestPki, type TestSigner, createTestPki } from '../../src/testing/test-pki.ts';
import { SignerError } from '../../src/errors.ts';
import { drawPdf, hybridPdf, plainPdf } from './sources.ts';

/** Generous: the machine may be busy; a hang would never end. */
const TIMEOUT_MS = 180_000;
const AT = new Date('2026-11-22T02:30:05Z');
let pki: TestPki;
let signer: TestSigner;
let victims: Buffer[];

beforeAll(async () => {
  pki = await createTestPki();
  signer = await pki.issue({ commonName: 'Nguyễn Văn Ánh', use: 'person' });
  const sources = [plainPdf(), await drawPdf({ streams: true, pages: 1 }), hybridPdf()];
  victims = [];
  for (const source of sources) {
    const once = await signPdf(source, signer, { signedAt: AT });
    victims.push(Buffer.from(once), Buffer.from(await signPdf(once, signer, { signedAt: AT })));
  }
});

/** The indication of the verifier; signing the file must end in a result or a SignerError too. */
async function outcomeOf(pdf: Buffer): Promise<string> {
  const { indication } = verifyPdf(pdf, { trust: pki.trust(), at: AT });
  try {
    await signPdf(pdf, signer, { signedAt: AT });
  } catch (error) {
    if (!(error instanceof SignerError)) throw error;
  }
  return indication;
}

describe('verifyPdf and signPdf, with damaged files', () => {
  it(
    'never pass a file that was cut off or glued together',
    async () => {
      for (const pdf of victims) {
        for (let i = 1; i < 40; i++) {
          const cut = pdf.subarray(0, Math.floor((pdf.length * i) / 40));
          const revisions = listEnds(pdf);
          const mutants = [Buffer.concat([pdf, cut])];
          if (!revisions.includes(cut.length)) mutants.push(Buffer.from(cut));
          for (const mutant of mutants) expect(await outcomeOf(mutant)).not.toBe('TOTAL-PASSED');
        }
      }
    },
    TIMEOUT_MS,
  );

  it(
    'meet a limit, not the end of memory or patience',
    async () => {
      const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
      const openStrings = Array.from({ length: 3_000 }, (_, i) => `${i + 20} 0 obj (`).join('\n');
      const bombs = [
        plainPdf({ 9: deep }),
        plainPdf({ 2: '<< /Type /Pages /Kids [2 0 R 2 0 R] >>' }),
        plainPdf({
          6: '<< /Fields [7 0 R] >>',
          7: '<< /T (a) /Kids [7 0 R 10 0 R] >>',
          10: '<< /T (b) /Kids [7 0 R] >>',
        }),
        plainPdf({ 4: '<< /Length 4 0 R >>\nstream\nx\nendstream' }),
        plainPdf({ 9: '10 0 R', 10: '9 0 R' }),
        Buffer.from(openStrings + Buffer.from(plainPdf()).toString('latin1')),
      ];
      for (const bomb of bombs) expect(await outcomeOf(Buffer.from(bomb))).toBe('INDETERMINATE');
    },
    TIMEOUT_MS,
  );
});

function listEnds(pdf: Buffer): number[] {
  const ends: number[] = [];
  for (let at = pdf.indexOf('%%EOF'); at >= 0; at = pdf.indexOf('%%EOF', at + 1)) {
    ends.push(at + 5, at + 6);
  }
  return ends;
}
