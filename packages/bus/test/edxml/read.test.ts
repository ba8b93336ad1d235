import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { BusError, type EdxmlLimits, readEdxml, writeEdxml } from '../../src/index.ts';
import { FULL_DOCUMENT, NAMESPACE, messageWith, readDocument } from './fixture.ts';

function faultOf(source: string | Uint8Array, limits: Partial<EdxmlLimits> = {}): BusError {
  try {
    readEdxml(typeof source === 'string' ? Buffer.from(source) : source, limits);
  } catch (error) {
    if (error instanceof BusError) return error;
    throw error;
  }
  throw new Error('the message was accepted');
}

describe('readEdxml finds its elements by local name', () => {
  const inside = '<Subject>một</Subject><DocumentId>id</DocumentId>';

  it.each([
    ['edXML', messageWith(inside)],
    ['EdXML', messageWith(inside).replaceAll('edXML', 'EdXML')],
    [
      'edXMLEnvelope as root',
      `<edXMLEnvelope><edXMLHeader><MessageHeader>${inside}</MessageHeader></edXMLHeader></edXMLEnvelope>`,
    ],
    [
      'EdXMLEnvelope with another namespace',
      `<a:EdXMLEnvelope xmlns:a="http://www.go.vn/eDoc"><a:EdXMLHeader><a:MessageHeader>${inside}</a:MessageHeader></a:EdXMLHeader></a:EdXMLEnvelope>`,
    ],
    [
      'SOAP',
      `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><e:MessageHeader xmlns:e="http://www.e-doc.vn/Schema/">${inside}</e:MessageHeader></s:Header><s:Body/></s:Envelope>`,
    ],
    ['mixed prefixes', messageWith(inside.replaceAll('Subject', 'x:Subject'))],
    ['any order', messageWith('<DocumentId>id</DocumentId><Subject>một</Subject>')],
    ['a byte order mark', `\ufeff<?xml version="1.0" encoding="utf-8"?>${messageWith(inside)}`],
    ['CRLF and comments', messageWith(inside.replaceAll('><', '>\r\n<!-- & -->\r\n<'))],
    ['CDATA', messageWith(inside.replace('một', '<![CDATA[mộ]]>t'))],
    ['character references', messageWith(inside.replace('một', 'm&#x1ED9;t'))],
    ['white space around codes', messageWith(inside.replace('>id<', '>\n  id\n<'))],
  ])('%s', (_dialect, xml) => {
    expect(readDocument(xml)).toMatchObject({ abstract: 'một', documentId: 'id' });
  });

  it('reads a message without anything in it as an empty new document', () => {
    expect(readDocument(messageWith(''))).toEqual({
      kind: 'document',
      from: { organId: '' },
      to: [],
      code: { number: '', notation: '' },
      promulgation: { date: '' },
      documentType: { name: '' },
      abstract: '',
      signatory: {},
      toPlaces: [],
      otherInfo: { priority: 0, appendixes: [] },
      responseFor: [],
      documentId: '',
      trace: [],
      business: { type: 0, replacements: [] },
      attachments: [],
    });
  });
});

describe('readEdxml is lenient in values', () => {
  it('drops empty ResponseFor blocks', () => {
    const empty = '<ResponseFor><OrganId/><Code> </Code></ResponseFor>';
    const full = '<ResponseFor><OrganId>G22</OrganId></ResponseFor>';
    expect(readDocument(messageWith(empty + full)).responseFor).toMatchObject([{ organId: 'G22' }]);
  });

  it('reads the business block with one s, before or behind the trace headers', () => {
    const hop = '<TraceHeader><Timestamp>2026/07/01 08:00:00</Timestamp></TraceHeader>';
    const block =
      '<Business><BusinessDocType>1</BusinessDocType><BusinessDocReason>vì</BusinessDocReason></Business>';
    for (const list of [hop + block, block + hop]) {
      const xml = messageWith('', `<TraceHeaderList>${list}</TraceHeaderList>`);
      expect(readDocument(xml)).toMatchObject({
        business: { type: 1, reason: 'vì' },
        trace: [{ organId: '', timestamp: '2026-07-01T08:00:00+07:00' }],
      });
    }
  });

  it.each([
    ['2026/07/01', '2026-07-01'],
    ['01/07/2026', '2026-07-01'],
    ['1/7/2026', '2026-07-01'],
    ['2026-07-01', '2026-07-01'],
    ['2026-07-01T00:00:00', '2026-07-01'],
    ['01-07-2026 10:00', '2026-07-01'],
    [' 2026/07/01 ', '2026-07-01'],
  ])('reads the date %j', (written, date) => {
    expect(readDocument(messageWith(`<DueDate>${written}</DueDate>`)).dueDate).toBe(date);
  });

  it.each(['2026/02/30', '2026/13/01', 'hôm nay', '2026', '20260701', '01/07/26'])(
    'keeps what is no date as it stands: %j',
    (written) => {
      const document = readDocument(messageWith(`<DueDate>${written}</DueDate>`));
      expect(document.dueDate).toBeUndefined();
      expect(document.extensions).toMatchObject([{ name: 'DueDate', children: [written] }]);
      expect(readEdxml(writeEdxml(document))).toEqual(document);
    },
  );

  it.each([
    ['2026/07/01 08:05:09', '2026-07-01T08:05:09+07:00'],
    ['01/07/2026 8:05', '2026-07-01T08:05:00+07:00'],
    ['2026-07-01T08:05:09', '2026-07-01T08:05:09+07:00'],
    ['2026-07-01T23:05:09Z', '2026-07-02T06:05:09+07:00'],
    ['2026-07-01T08:05:09.123+0800', '2026-07-01T07:05:09+07:00'],
    ['2026/07/01 25:00:00', undefined],
    ['2026/07/01', undefined],
  ])('reads the time %j', (written, timestamp) => {
    const hop = `<TraceHeader><Timestamp>${written}</Timestamp></TraceHeader>`;
    const xml = messageWith('', `<TraceHeaderList>${hop}</TraceHeaderList>`);
    expect(readDocument(xml).trace[0]?.timestamp).toBe(timestamp);
  });

  it('keeps a number that is none, and writes it again', () => {
    const info = '<OtherInfo><Priority>khẩn</Priority><Direction>maybe</Direction></OtherInfo>';
    const document = readDocument(messageWith(info));
    expect(document.otherInfo).toMatchObject({
      priority: 0,
      extensions: [{ children: ['khẩn'] }, { children: ['maybe'] }],
    });
    expect(readEdxml(writeEdxml(document))).toEqual(document);
  });

  it('keeps the second of two elements that may stand once', () => {
    const document = readDocument(
      messageWith('<Subject/><Subject>a</Subject><Subject>b</Subject>'),
    );
    expect(document.abstract).toBe('a');
    expect(document.extensions).toMatchObject([{ name: 'Subject', children: ['b'] }]);
    expect(readEdxml(writeEdxml(document))).toEqual(document);
  });
});

describe('readEdxml keeps unknown elements', () => {
  it('with the namespaces that their prefixes need', () => {
    const xml =
      `<edXML xmlns="${NAMESPACE}" xmlns:x="urn:x" xmlns:y="urn:y"><edXMLEnvelope><edXMLHeader>` +
      '<MessageHeader><x:Task y:kind="1" xmlns:z="urn:z"><z:Code>A</z:Code> và <Plain/></x:Task></MessageHeader>' +
      '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignatureValue>AA==</SignatureValue></Signature>' +
      '</edXMLHeader></edXMLEnvelope><Later xlink:href=""/></edXML>';
    const document = readDocument(xml);
    expect(document.extensions).toEqual([
      {
        name: 'x:Task',
        attributes: { 'xmlns:x': 'urn:x', 'xmlns:y': 'urn:y', 'y:kind': '1', 'xmlns:z': 'urn:z' },
        children: [
          { name: 'z:Code', attributes: {}, children: ['A'] },
          ' và ',
          { name: 'Plain', attributes: { xmlns: NAMESPACE }, children: [] },
        ],
      },
    ]);
    expect(document.otherElements?.map((other) => [other.parent, other.element.name])).toEqual([
      ['root', 'Later'],
      ['header', 'Signature'],
    ]);
    expect(document.otherElements?.[0]?.element.attributes).toMatchObject({
      'xmlns:xlink': 'http://www.w3.org/1999/xlink',
    });
    const again = readDocument(writeEdxml(document));
    expect(again.extensions).toEqual(document.extensions);
    expect(again.otherElements).toEqual(
      expect.arrayContaining([...(document.otherElements ?? [])]),
    );
  });

  it('of an element without any namespace', () => {
    const document = readDocument(
      `<e:edXML xmlns:e="${NAMESPACE}"><e:edXMLEnvelope><e:edXMLHeader><e:MessageHeader><Bare/></e:MessageHeader></e:edXMLHeader></e:edXMLEnvelope></e:edXML>`,
    );
    expect(document.extensions).toMatchObject([{ name: 'Bare', attributes: { xmlns: '' } }]);
  });
});

describe('readEdxml refuses', () => {
  const good = messageWith('<Subject a="1">x</Subject>');

  it.each([
    ['nothing', '', 'it is empty'],
    ['white space', ' \n', 'it is empty'],
    ['junk before the XML', `1212${good}`, '"1212<edX" stands before the XML, at byte 0'],
    ['junk in UTF-8', `  Đ${good}`, 'stands before the XML, at byte 2'],
    ['another root', '<html/>', 'its root "html" is not that of an edXML message'],
    ['no header', '<edXML><edXMLEnvelope/></edXML>', 'it has no MessageHeader'],
    ['a DOCTYPE', `<!DOCTYPE edXML>${good}`, 'a DOCTYPE or other declaration is not allowed'],
    ['a lower-case DOCTYPE', `<!doctype edXML>${good}`, 'a DOCTYPE or other declaration'],
    [
      'an external entity',
      `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${good.replace('>x<', '>&x;<')}`,
      'a DOCTYPE or other declaration is not allowed, at byte 21',
    ],
    ['a declaration inside', good.replace('>x<', '><!ENTITY x "y"><'), 'other declaration'],
    ['an HTML entity', good.replace('>x<', '>&nbsp;<'), 'the reference "&nbsp;" is not allowed'],
    ['a bare ampersand', good.replace('>x<', '>a & b<'), 'the reference "&" is not allowed'],
    ['an entity in an attribute', good.replace('"1"', '"&eacute;"'), 'the reference "&eacute;"'],
    ['a reference to NUL', good.replace('>x<', '>&#0;<'), 'the reference "&#0;" is not allowed'],
    ['a reference to half a pair', good.replace('>x<', '>&#xD800;<'), 'the reference "&#xD800;"'],
    ['a control character', good.replace('>x<', '>\u0001<'), 'a character that XML forbids'],
    ['a repeated attribute', good.replace('a="1"', 'a="1" a="2"'), 'attribute "a" stands twice'],
    ['< in an attribute', good.replace('"1"', '"<"'), 'the tag "Subject" is broken'],
    ['an unquoted attribute', good.replace('"1"', '1'), 'the tag "Subject" is broken'],
    [
      'attributes without space',
      good.replace('a="1"', 'a="1"b="2"'),
      'the tag "Subject" is broken',
    ],
    ['a lone <', good.replace('>x<', '>a < b<'), '"<" starts no tag'],
    ['a cut message', good.slice(0, -10), 'not an edXML message'],
    ['a cut comment', `${good}<!-- `, 'a comment does not end'],
    [
      'crossed tags',
      good.replace('</Subject></MessageHeader>', '</MessageHeader></Subject>'),
      'not an edXML',
    ],
    ['two roots', good + good, 'not an edXML message'],
    ['text behind the root', `${good}x`, 'not an edXML message'],
    [
      'another encoding',
      `<?xml version="1.0" encoding="windows-1258"?>${good}`,
      'is "windows-1258"',
    ],
    ['a second declaration', good.replace('>x<', '><?xml version="1.0"?><'), 'inside the message'],
  ])('%s', (_what, xml, message) => {
    expect(faultOf(xml)).toMatchObject({ code: 'BUS_EDXML_MALFORMED' });
    expect(faultOf(xml).message).toContain(message);
  });

  it.each(['utf16le', 'latin1'] as const)('bytes in %s', (encoding) => {
    const bytes = Buffer.from(good.replace('>x<', '>é<'), encoding);
    expect(faultOf(bytes).code).toBe('BUS_EDXML_MALFORMED');
  });
});

describe('readEdxml keeps to its limits', () => {
  it.each<[string, string, Partial<EdxmlLimits>, string]>([
    ['bytes', messageWith(''), { maxBytes: 50 }, 'bytes of the message'],
    ['depth', messageWith('<a>'.repeat(40) + '</a>'.repeat(40)), {}, 'levels of elements: 33'],
    ['elements', messageWith('<a/>'.repeat(20)), { maxElementCount: 20 }, 'elements: more than 20'],
    [
      'attributes',
      messageWith(`<a ${Array.from({ length: 33 }, (_, index) => `b${index}=""`).join(' ')}/>`),
      {},
      'attributes of an element: 33',
    ],
    ['text', messageWith(`<a>${'x'.repeat(70_000)}</a>`), {}, 'characters of a text: 70000'],
    ['an attribute', messageWith(`<a b="${'x'.repeat(70_000)}"/>`), {}, 'characters of a text'],
    ['CDATA', messageWith(`<a><![CDATA[${'x'.repeat(70_000)}]]></a>`), {}, 'characters of a text'],
  ])('in %s', (_what, xml, limits, message) => {
    expect(faultOf(xml, limits)).toMatchObject({ code: 'BUS_EDXML_LIMIT' });
    expect(faultOf(xml, limits).message).toContain(message);
  });

  it('in depth even at two hundred thousand levels', () => {
    expect(faultOf('<edXML>'.repeat(200_000)).code).toBe('BUS_EDXML_LIMIT');
  });
});

it('raises nothing but its own errors on damaged messages', () => {
  const good = Buffer.from(writeEdxml(FULL_DOCUMENT));
  const read = (bytes: Uint8Array): string => {
    try {
      return readEdxml(bytes).kind;
    } catch (error) {
      if (error instanceof BusError) return error.code;
      throw error;
    }
  };
  const pieces = fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '&',
      '"',
      '</',
      '<!--',
      '<![CDATA[',
      '<?',
      ']]>',
      '<a>',
      '/>',
      'xmlns:',
    ),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.nat(good.length), fc.nat(20), pieces, (at, cut, piece) => {
      const damaged = Buffer.concat([
        good.subarray(0, at),
        Buffer.from(piece),
        good.subarray(at + cut),
      ]);
      expect(read(damaged)).toMatch(/^(?:document|status|BUS_EDXML_\w+)$/);
    }),
    { numRuns: 1_000 },
  );
});
