import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  BusError,
  type EdxmlDocument,
  type EdxmlStatus,
  type XmlElement,
  readEdxml,
  writeEdxml,
} from '../../src/index.ts';
import { hostileText } from '../arbitrary.ts';
import { FULL_DOCUMENT, FULL_STATUS, readDocument } from './fixture.ts';

const text = hostileText.filter((value) => value !== '');
const token = text.map((value) => value.trim()).filter((value) => value !== '');
const option = fc.option(text, { nil: undefined });
const number = fc.option(fc.nat(999), { nil: undefined });
const day = fc
  .date({ min: new Date('1945-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
  .map((at) => at.toISOString().slice(0, 10));
const time = day.map((date) => `${date}T13:05:09+07:00`);
const name = fc.constantFrom('Invented', 'x:Phát', 'ds:Signature');

const { element } = fc.letrec<{ element: XmlElement }>((tie) => ({
  element: fc.record({
    name,
    attributes: fc.record({
      xmlns: fc.constant('urn:invented'),
      'xmlns:x': fc.constant('urn:invented:x'),
      'xmlns:ds': fc.constant('urn:invented:ds'),
      note: hostileText,
      'x:note': hostileText,
    }),
    children: fc.oneof(
      { depthSize: 'small' },
      text.map((value) => [value]),
      fc.constant([]),
      fc.array(tie('element'), { minLength: 1, maxLength: 2 }),
    ),
  }),
}));

const extensions = fc.option(fc.array(element, { minLength: 1, maxLength: 2 }), { nil: undefined });
const agency = fc.record({
  organId: token,
  organizationInCharge: option,
  organName: option,
  organAdd: option,
  email: option,
  telephone: option,
  fax: option,
  website: option,
  extensions,
});
const responseFor = fc.record({
  organId: token,
  code: token,
  promulgationDate: fc.oneof(day, fc.constant('')),
  documentId: token,
});
const staff = fc.record({ department: text, staff: option, mobile: option, email: option });

const document: fc.Arbitrary<EdxmlDocument> = fc.record({
  kind: fc.constant('document' as const),
  from: agency,
  to: fc.array(agency, { maxLength: 3 }),
  code: fc.record({ number: token, notation: token }),
  promulgation: fc.record({ place: option, date: day }),
  documentType: fc.record({ type: number, detail: number, name: hostileText }),
  abstract: hostileText,
  content: option,
  signatory: fc.record({ competence: option, position: option, fullName: option }),
  dueDate: fc.option(day, { nil: undefined }),
  toPlaces: fc.array(text, { maxLength: 3 }),
  otherInfo: fc.record({
    priority: fc.nat(4),
    sphereOfPromulgation: option,
    typerNotation: option,
    promulgationAmount: number,
    pageAmount: number,
    direction: fc.option(fc.boolean(), { nil: undefined }),
    appendixes: fc.array(text, { maxLength: 2 }),
  }),
  responseFor: fc.array(responseFor, { maxLength: 2 }),
  steeringType: number,
  documentId: token,
  trace: fc.array(
    fc.record({ organId: hostileText.map((value) => value.trim()), timestamp: time }),
    { maxLength: 2 },
  ),
  business: fc.record({
    type: fc.nat(3),
    reason: option,
    documentInfo: fc.option(
      fc.record({
        documentInfo: fc.nat(1),
        documentReceiver: number,
        receivers: fc.array(fc.record({ organId: token, receiverType: fc.nat(1) }), {
          maxLength: 2,
        }),
      }),
      { nil: undefined },
    ),
    documentId: fc.option(token, { nil: undefined }),
    staff: fc.option(staff, { nil: undefined }),
    paper: number,
    replacements: fc.array(
      fc.record({ documentId: token, organIds: fc.array(text, { maxLength: 2 }) }),
      { maxLength: 2 },
    ),
    extensions,
  }),
  attachments: fc.uniqueArray(
    fc.record({
      contentId: fc.uuid(),
      contentType: hostileText,
      name: hostileText,
      description: option,
      data: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
    }),
    { selector: (attachment) => attachment.contentId, maxLength: 3 },
  ),
  otherElements: fc.option(
    fc.array(
      fc.record({
        parent: fc.constantFrom(
          'root',
          'envelope',
          'header',
          'trace',
          'body',
          'manifest',
          'attachments',
        ),
        element,
      }),
      { minLength: 1, maxLength: 1 },
    ),
    { nil: undefined },
  ),
  extensions,
});

const status: fc.Arbitrary<EdxmlStatus> = fc.record({
  kind: fc.constant('status' as const),
  from: agency,
  responseFor,
  staff: fc.option(staff, { nil: undefined }),
  statusCode: token,
  description: option,
  timestamp: fc.option(time, { nil: undefined }),
  extensions,
});

function faultOf(message: EdxmlDocument): string {
  try {
    writeEdxml(message);
  } catch (error) {
    if (error instanceof BusError && error.code === 'BUS_EDXML_FIELD_INVALID') return error.message;
    throw error;
  }
  return 'nothing';
}

describe('writing and reading', () => {
  it('gives the full document back', () => {
    expect(readEdxml(writeEdxml(FULL_DOCUMENT))).toEqual(FULL_DOCUMENT);
  });

  it('gives the full status back', () => {
    expect(readEdxml(writeEdxml(FULL_STATUS))).toEqual(FULL_STATUS);
  });

  it('gives any document back, whatever characters its texts hold', () => {
    fc.assert(
      fc.property(document, (original) => {
        expect(readEdxml(writeEdxml(original))).toEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('gives any status back', () => {
    fc.assert(
      fc.property(status, (original) => {
        expect(readEdxml(writeEdxml(original))).toEqual(original);
      }),
      { numRuns: 200 },
    );
  });

  it('writes the same bytes again', () => {
    fc.assert(
      fc.property(document, (original) => {
        const first = writeEdxml(original);
        expect(writeEdxml(readEdxml(first))).toEqual(first);
      }),
    );
  });
});

describe('writeEdxml', () => {
  it.each([
    ['&amp;', '&amp;amp;'],
    ['a & b < c > d', 'a &amp; b &lt; c &gt; d'],
    [']]>', ']]&gt;'],
    ['&amp;lt;', '&amp;amp;lt;'],
    ['a\r\nb', 'a&#13;\nb'],
  ])('escapes %j', (abstract, escaped) => {
    const xml = Buffer.from(writeEdxml({ ...FULL_DOCUMENT, abstract })).toString();
    expect(xml).toContain(`<edXML:Subject>${escaped}</edXML:Subject>`);
  });

  it('escapes attributes, which its library leaves open', () => {
    const extension = { name: 'Note', attributes: { a: `"<&>'\t\n` }, children: [] };
    const xml = writeEdxml({ ...FULL_DOCUMENT, extensions: [extension] });
    expect(Buffer.from(xml).toString()).toContain(`<Note a="&quot;&lt;&amp;&gt;'&#9;&#10;">`);
  });

  it('writes empty elements rather than none', () => {
    const bare = readDocument(
      writeEdxml({ ...FULL_DOCUMENT, signatory: {}, dueDate: undefined, toPlaces: [] }),
    );
    const xml = Buffer.from(writeEdxml({ ...bare, to: [{ organId: 'G22' }] })).toString();
    for (const local of ['Competence', 'Position', 'FullName', 'DueDate', 'ToPlaces', 'Website']) {
      expect(xml).toContain(`<edXML:${local}></edXML:${local}>`);
    }
  });

  it.each<[string, Partial<EdxmlDocument>, string]>([
    ['a NUL', { abstract: 'a\u0000' }, 'MessageHeader.Subject has U+0000 at position 2'],
    ['U+FFFF', { toPlaces: ['x', '\uffff'] }, 'MessageHeader.ToPlaces.Place[1] has U+FFFF'],
    ['half a pair', { content: '\ud83d' }, 'MessageHeader.Content has half a surrogate pair'],
    ['an escape', { to: [{ organId: '\u001b' }] }, 'MessageHeader.To[0].OrganId has U+001B'],
    ['a foreign date', { dueDate: '31/07/2026' }, 'MessageHeader.DueDate is "31/07/2026"'],
    ['no day', { dueDate: '2026-02-30' }, 'MessageHeader.DueDate is "2026-02-30"'],
    [
      'a local time',
      { trace: [{ organId: 'H09', timestamp: '2026-07-01 08:00' }] },
      'TraceHeaderList.TraceHeader[0].Timestamp is "2026-07-01 08:00"',
    ],
    ['a fraction', { steeringType: 1.5 }, 'MessageHeader.SteeringType is 1.5'],
    [
      'a broken name',
      { extensions: [{ name: 'a b', attributes: {}, children: [] }] },
      'MessageHeader has the impossible name "a b"',
    ],
    [
      'a broken attribute',
      { extensions: [{ name: 'a', attributes: { 'x>': '' }, children: [] }] },
      'MessageHeader.a has the impossible name "x>"',
    ],
  ])('refuses %s and names the field', (_what, change, message) => {
    expect(faultOf({ ...FULL_DOCUMENT, ...change })).toContain(message);
  });

  it('brings a time of another zone to Vietnam', () => {
    const xml = writeEdxml({ ...FULL_STATUS, timestamp: '2026-07-01T23:30:00.000Z' });
    expect(Buffer.from(xml).toString()).toContain('>2026/07/02 06:30:00<');
  });
});
