import { beforeAll, describe, expect, it } from 'vitest';

import { signPdf } from '../../src/pades/sign.ts';
import { findStartXref } from '../../src/pdf/xref.ts';
import { appendRevision, signByHand } from './revision.ts';
import { OBJECTS, plainPdf } from './sources.ts';
import { AT, SIGNATURE, type Victim, WIDGET, catalog, createVictim, textOf } from './victim.ts';

let author: Victim;

beforeAll(async () => {
  author = await createVictim();
});

const STREAM = '<< /Length 1 >>\nstream\na\nendstream';
const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>';
const FIELDS = `7 0 R ${WIDGET} 0 R`;
const TAGGED = {
  1: catalog('/StructTreeRoot 20 0 R'),
  20: '<< /Type /StructTreeRoot /K [21 0 R] /ParentTreeNextKey 1 >>',
  21: '<< /S /P /P 20 0 R >>',
};

describe('verifyPdf passes what other programs do to a signed file', () => {
  it('Acrobat puts the fields in another order when it signs', async () => {
    const form = `<< /Fields [61 0 R ${WIDGET} 0 R 7 0 R] /SigFlags 3 >>`;
    const report = author.verify(
      await signByHand(author.signed, author.mallory, { objects: { 6: form } }),
    );
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED' });
    expect(report.signatures[0]?.changes).toEqual([
      { kind: 'warning', text: 'form fields stand in another order' },
      { kind: 'expected', text: 'signature "Hand" was added' },
    ]);
  });

  it('Acrobat writes metadata anew and frees the old', async () => {
    const signed = await author.sign(
      plainPdf({ 1: catalog('/Metadata 20 0 R'), 20: '<< /Length 1 >>\nstream\na\nendstream' }),
    );
    const after = appendRevision(
      signed,
      { 1: catalog('/Metadata 30 0 R'), 30: '<< /Length 1 >>\nstream\nb\nendstream' },
      { free: [20] },
    );
    expect(author.verify(after).indication).toBe('TOTAL-PASSED');
  });

  it('Acrobat locks the other fields, PDFBox names a widget an annotation', async () => {
    const field = OBJECTS[7] ?? '';
    const locked = appendRevision(author.signed, { 7: field.replace('/F 4', '/Ff 1 /F 4') });
    expect(textOf(author.verify(locked))).toContain('field "amount" was locked (read-only)');
    expect(author.verify(locked).indication).toBe('TOTAL-PASSED');
    const untyped = field.replace('/Type /Annot ', '');
    const signed = await author.sign(plainPdf({ 7: untyped }));
    expect(author.verify(appendRevision(signed, { 7: field })).indication).toBe('TOTAL-PASSED');
  });

  it('iText writes its name before startxref', async () => {
    const twice = await signByHand(author.signed, author.mallory, {});
    const text = Buffer.from(twice).toString('latin1');
    const at = text.lastIndexOf('startxref');
    const named = `${text.slice(0, at)}%iText-Core-8.0.5\n${text.slice(at)}`;
    // The second signature covers the end of the file: it is no matter here.
    const report = author.verify(Buffer.from(named, 'latin1'));
    expect(report.signatures[0]?.changes.map(({ kind }) => kind)).not.toContain('undecided');
    const noted = appendRevision(author.signed, { 1: catalog('/Metadata 20 0 R'), 20: STREAM });
    const own = Buffer.from(noted).toString('latin1');
    const place = own.lastIndexOf('startxref');
    const comment = `${own.slice(0, place)}%iText-Core-8.0.5\n${own.slice(place)}`;
    expect(author.verify(Buffer.from(comment, 'latin1')).indication).toBe('TOTAL-PASSED');
  });

  it('fonts come into a form that has nothing but signatures', async () => {
    const signed = await author.sign(plainPdf({ 6: '<< /Fields [] /DR << >> >>', 8: '[]' }));
    const form = `<< /Fields [${WIDGET} 0 R] /SigFlags 3 /DA (/Helv 0 Tf) /DR << /Font << /Helv 30 0 R >> >> >>`;
    const report = author.verify(appendRevision(signed, { 6: form, 30: FONT }));
    expect(report.indication).toBe('TOTAL-PASSED');
    expect(textOf(report)).toContain('form /DR was changed');
  });

  it('resources of the form move into an object of their own', async () => {
    const direct = '<< /Fields [7 0 R] /DR << /Font << /Helv 5 0 R >> >> >>';
    const signed = await author.sign(plainPdf({ 6: direct }));
    const form = `<< /Fields [${FIELDS}] /SigFlags 3 /DR 30 0 R >>`;
    const moved = appendRevision(signed, { 6: form, 30: '<< /Font << /Helv 5 0 R >> >>' });
    expect(author.verify(moved)).toMatchObject({ indication: 'TOTAL-PASSED' });
  });

  it('an empty field is signed, a group gets a second signature', async () => {
    const empty = '<< /FT /Sig /T (Hand) /Type /Annot /Subtype /Widget /Rect [0 0 0 0] >>';
    const source = plainPdf({ 6: '<< /Fields [7 0 R 61 0 R] >>', 61: empty });
    const signed = await author.sign(source);
    const fields = '7 0 R 61 0 R 63 0 R';
    const form = `<< /Fields [${fields}] /SigFlags 3 >>`;
    const report = author.verify(
      await signByHand(signed, author.mallory, { objects: { 6: form } }),
    );
    expect(report).toMatchObject({ indication: 'TOTAL-PASSED', signatures: [{}, {}] });
    const group = {
      6: `<< /Fields [${FIELDS} 70 0 R] /SigFlags 3 >>`,
      70: '<< /T (form) /Kids [61 0 R] >>',
    };
    const grouped = await signByHand(author.signed, author.mallory, {
      widgetExtra: '/Parent 70 0 R',
      objects: group,
    });
    expect(author.verify(grouped)).toMatchObject({ indication: 'TOTAL-PASSED' });
    const third = await signByHand(grouped, author.signer, {
      first: 80,
      widgetExtra: '/Parent 70 0 R',
      objects: { 6: group[6], 70: '<< /T (form) /Kids [61 0 R 81 0 R] >>' },
    });
    const names = author.verify(third).signatures.map(({ fieldName }) => fieldName);
    expect(names).toEqual(['Signature1', 'form.Hand', 'form.Hand80']);
    expect(author.verify(third).indication).toBe('TOTAL-PASSED');
  });
});

describe('verifyPdf leaves open, with the true reason, what cannot be decided', () => {
  it('names that were lost, as iText does with hybrid files', () => {
    const lost = appendRevision(author.signed, {
      1: catalog('').replace('/Names 9 0 R', '/Names null'),
    });
    expect(author.verify(lost)).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'SIG_CONSTRAINTS_FAILURE',
    });
  });

  it.each<[string, () => Uint8Array | Promise<Uint8Array>, RegExp]>([
    [
      'a font that only the form uses was changed',
      async () => {
        const form = '<< /Fields [7 0 R] /DR << /Font << /Helv 20 0 R >> >> >>';
        const signed = await author.sign(plainPdf({ 6: form, 20: FONT }));
        return appendRevision(signed, { 20: FONT.replace('>>', '/Encoding /PDFDocEncoding >>') });
      },
      /object 20 \(Font Type1\) was changed among the fonts and resources of the form/,
    ],
    [
      'an empty field was left for the next signer',
      () =>
        appendRevision(author.signed, {
          6: `<< /Fields [${FIELDS} 30 0 R] /SigFlags 3 >>`,
          8: `[${FIELDS} 30 0 R]`,
          30: '<< /FT /Sig /T (Next) /Type /Annot /Subtype /Widget /Rect [10 10 90 60] /P 3 0 R /AP << /N 31 0 R >> >>',
          31: '<< /Type /XObject /Subtype /Form /BBox [0 0 80 50] /Length 0 >>\nstream\n\nendstream',
        }),
      /an empty signature field was added/,
    ],
    [
      'EU DSS added a colour profile',
      () => appendRevision(author.signed, { 1: catalog('/OutputIntents [<< >>]') }),
      /colour profile was added/,
    ],
    [
      'the structure tree has grown',
      async () =>
        appendRevision(await author.sign(plainPdf(TAGGED)), {
          20: '<< /Type /StructTreeRoot /K [21 0 R 30 0 R] /ParentTreeNextKey 2 >>',
          30: '<< /S /Form /P 20 0 R >>',
        }),
      /structure tree, which screen readers follow/,
    ],
    [
      'a signature of an old kind was added',
      () => signByHand(author.signed, author.mallory, { subFilter: 'adbe.pkcs7.sha1' }),
      /signature "Hand" was added and cannot be checked/,
    ],
    [
      'text stands behind the end of the file',
      () => Buffer.concat([author.signed, Buffer.from('\nsent by mail gateway 7\n')]),
      /belong to no object/,
    ],
  ])('%s', async (_name, make, reason) => {
    const report = author.verify(await make());
    expect(report).toMatchObject({ indication: 'INDETERMINATE' });
    expect(textOf(report)).toMatch(reason);
  });

  it('a signature that was cleared and repeated is reported, not called forged', async () => {
    const cleared = appendRevision(author.signed, {
      6: '<< /Fields [7 0 R] /SigFlags 3 >>',
      8: '[7 0 R]',
      [WIDGET]: 'null',
      [SIGNATURE]: 'null',
    });
    const again = await signPdf(cleared, author.signer, { signedAt: AT });
    expect(author.verify(again)).toMatchObject({
      indication: 'INDETERMINATE',
      signatures: [{ indication: 'INDETERMINATE' }, { indication: 'TOTAL-PASSED' }],
    });
    expect(author.verify(cleared).indication).toBe('TOTAL-FAILED');
  });

  it('signatures before a last revision that nobody can read (/Prev 0) are still listed', async () => {
    const twice = await signByHand(author.signed, author.mallory);
    const last = appendRevision(twice, { 90: '<< /ModDate (D:2026) >>' }).toString('latin1');
    const { offset } = findStartXref(twice, twice.length);
    const broken = Buffer.from(last.replace(`/Prev ${offset} `, '/Prev 0 '), 'latin1');
    expect(author.verify(broken)).toMatchObject({
      indication: 'INDETERMINATE',
      subIndication: 'FORMAT_FAILURE',
      signatures: [{ fieldName: 'Signature1' }, { fieldName: 'Hand' }],
    });
  });
});
