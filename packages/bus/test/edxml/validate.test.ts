import { describe, expect, it } from 'vitest';

import {
  type EdxmlDocument,
  type EdxmlStatus,
  type ValidateOptions,
  changedDocumentId,
  notationFits,
  readEdxml,
  validateEdxml,
} from '../../src/index.ts';
import { FULL_DOCUMENT, FULL_STATUS, messageWith } from './fixture.ts';

const options: ValidateOptions = { direction: 'send', now: new Date('2026-07-02T00:00:00Z') };

function problemsOf(
  message: EdxmlDocument | EdxmlStatus,
  changes: Partial<ValidateOptions> = {},
): string[] {
  return validateEdxml(message, { ...options, ...changes }).map(
    ({ code, severity }) => `${severity} ${code}`,
  );
}

describe('validateEdxml', () => {
  it('finds nothing wrong with a full document and a full status', () => {
    expect(problemsOf(FULL_DOCUMENT)).toEqual([]);
    expect(problemsOf(FULL_STATUS)).toEqual([]);
  });

  it('names everything that an empty message lacks', () => {
    const empty = readEdxml(Buffer.from(messageWith('')));
    expect(problemsOf(empty)).toEqual([
      'error N.MessageHeader.From.OrganId',
      'error N.MessageHeader.To',
      'error N.MessageHeader.Code.CodeNumber',
      'error N.MessageHeader.Code.CodeNotation',
      'error N.MessageHeader.PromulgationInfo.PromulgationDate',
      'error N.MessageHeader.Subject',
      'error N.MessageHeader.DocumentId',
      'error N.MessageHeader.DocumentType.TypeName',
      'error N.AttachmentEncoded.Attachment',
    ]);
  });

  it.each<[string, Partial<EdxmlDocument>, string]>([
    [
      'a receiver named twice',
      { to: [{ organId: 'G22' }, { organId: 'g22' }] },
      'error M.MessageHeader.To[1].OrganId',
    ],
    [
      'the sender as receiver',
      { to: [{ organId: 'H09.12' }] },
      'error M.MessageHeader.To[0].OrganId',
    ],
    [
      'a date in the future',
      { promulgation: { date: '2026-07-03' } },
      'error M.MessageHeader.PromulgationInfo.PromulgationDate',
    ],
    [
      'a priority of 5',
      { otherInfo: { priority: 5, appendixes: [] } },
      'error M.MessageHeader.OtherInfo.Priority',
    ],
    [
      'business type 4',
      { business: { type: 4, replacements: [] } },
      'error M.TraceHeaderList.Bussiness.BussinessDocType',
    ],
    [
      'a replacement of nothing',
      { business: { type: 3, replacements: [] } },
      'error N.TraceHeaderList.Bussiness.ReplacementInfoList',
    ],
    ['no file', { attachments: [] }, 'error N.AttachmentEncoded.Attachment'],
    ['a long abstract', { abstract: 'x'.repeat(501) }, 'error R.MessageHeader.Subject'],
    [
      'a notation of another type',
      { code: { number: '1', notation: 'BC-SM' } },
      'warning M.MessageHeader.DocumentType.TypeName',
    ],
    [
      'an id that stands twice',
      { attachments: [...FULL_DOCUMENT.attachments, ...FULL_DOCUMENT.attachments] },
      'error M.Manifest.Reference[1].ContentId',
    ],
    [
      'a file without content',
      { attachments: [{ contentId: 'x', contentType: '', name: 'x.pdf' }] },
      'error N.AttachmentEncoded.x',
    ],
    [
      'a file without reference',
      { attachments: FULL_DOCUMENT.attachments.map((file) => ({ ...file, unreferenced: true })) },
      'error M.Manifest.Reference[0].ContentId',
    ],
  ])('finds %s', (_what, change, problem) => {
    expect(problemsOf({ ...FULL_DOCUMENT, ...change })).toEqual([problem]);
  });

  it('takes the day in Vietnam for today', () => {
    const change = { ...FULL_DOCUMENT, promulgation: { date: '2026-07-02' } };
    expect(problemsOf(change, { now: new Date('2026-07-01T17:00:00Z') })).toEqual([]);
    expect(problemsOf(change, { now: new Date('2026-07-01T16:59:59Z') })).toHaveLength(1);
  });

  it('finds values of the wrong type that reading kept', () => {
    const xml = messageWith(
      '<OtherInfo><Priority>khẩn</Priority></OtherInfo><DueDate>mai</DueDate>',
    );
    expect(problemsOf(readEdxml(Buffer.from(xml)))).toEqual(
      expect.arrayContaining([
        'error T.MessageHeader.DueDate',
        'error T.MessageHeader.OtherInfo.Priority',
      ]),
    );
  });

  it('asks the directory, at the date of the document', () => {
    const asked: string[] = [];
    const lookup: ValidateOptions['lookup'] = (organId, issuedOn) => {
      asked.push(`${organId} ${issuedOn}`);
      return organId === 'G22' ? 'closed' : organId === 'H09.13' ? 'unknown' : 'open';
    };
    expect(problemsOf(FULL_DOCUMENT, { lookup })).toEqual([
      'fatal M.MessageHeader.To[0].OrganId',
      'fatal M.MessageHeader.To[1].OrganId',
    ]);
    expect(asked).toContain('H09.12 2026-07-01');
    expect(problemsOf(FULL_DOCUMENT, { lookup, direction: 'receive' })).toEqual([
      'warning M.MessageHeader.To[0].OrganId',
      'warning M.MessageHeader.To[1].OrganId',
    ]);
  });

  it('is lenient about lengths of what arrives', () => {
    const long = { ...FULL_DOCUMENT, abstract: 'x'.repeat(501) };
    expect(problemsOf(long, { direction: 'receive' })).toEqual(['warning R.MessageHeader.Subject']);
  });

  it('takes files that travel beside the header', () => {
    const attachments = FULL_DOCUMENT.attachments.map(({ data: _left, ...rest }) => rest);
    expect(problemsOf({ ...FULL_DOCUMENT, attachments }, { attachments: 'outside' })).toEqual([]);
  });

  it('asks for the document that a recall or update names, in either place', () => {
    const isKnownDocument = (id: string) => id === 'known';
    const recall = {
      ...FULL_DOCUMENT,
      attachments: [],
      documentId: 'known',
      business: { type: 1, replacements: [] },
    };
    expect(changedDocumentId(recall)).toBe('known');
    expect(problemsOf(recall, { isKnownDocument })).toEqual([]);
    expect(problemsOf({ ...recall, documentId: 'other' }, { isKnownDocument })).toEqual([
      'error M.TraceHeaderList.Bussiness.DocumentId',
    ]);
  });

  it('wants a reason for a refusal', () => {
    const refusal = { ...FULL_STATUS, statusCode: '02', description: undefined };
    expect(problemsOf(refusal)).toEqual(['error N.MessageHeader.Description']);
    expect(problemsOf(refusal, { direction: 'receive' })).toEqual([
      'warning N.MessageHeader.Description',
    ]);
  });

  it('takes a status earlier than the document and one that nobody defines', () => {
    const early = { ...FULL_STATUS, statusCode: '09', timestamp: '2020-01-01T00:00:00+07:00' };
    expect(problemsOf(early)).toEqual([]);
  });
});

describe('notationFits', () => {
  it.each([
    ['Quyết định', 'QĐ-UBND', true],
    ['  QUYẾT   ĐỊNH', 'qđ-UBND', true],
    ['Quyê\u0301t đi\u0323nh'.normalize('NFD'), 'QĐ-UBND', true],
    ['Báo cáo', 'QĐ-UBND', false],
    ['Công văn', 'VPCP-TTĐT', true],
    ['Loại mới', 'XX-YY', true],
  ])('%s with %s: %s', (type, notation, fits) => {
    expect(notationFits(type, notation)).toBe(fits);
  });
});
