import { randomBytes } from 'node:crypto';

import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';

import { type EdxmlAttachment, type EdxmlLimits, readEdxml, writeEdxml } from '../../src/index.ts';
import { FULL_DOCUMENT, NAMESPACE } from './fixture.ts';

const FILE = Uint8Array.from(Buffer.from('nội dung văn bản mẫu '.repeat(20)));

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function reference(id: string, name: string): string {
  return `<Reference><ContentId>${id}</ContentId><ContentType>text/plain</ContentType><AttachmentName>${name}</AttachmentName></Reference>`;
}

function attachment(id: string, name: string, content: string): string {
  return `<Attachment><ContentType>text/plain</ContentType><ContentId>${id}</ContentId><ContentTransferEncoded>${content}</ContentTransferEncoded><AttachmentName>${name}</AttachmentName></Attachment>`;
}

function message(references: string, attachments: string): string {
  return (
    `<edXML xmlns="${NAMESPACE}"><edXMLEnvelope><edXMLHeader><MessageHeader/></edXMLHeader>` +
    `<edXMLBody><edXMLManifest version="1.0">${references}</edXMLManifest></edXMLBody>` +
    `</edXMLEnvelope><AttachmentEncoded>${attachments}</AttachmentEncoded></edXML>`
  );
}

function read(xml: string, limits: Partial<EdxmlLimits> = {}): readonly EdxmlAttachment[] {
  const document = readEdxml(Buffer.from(xml), limits);
  return document.kind === 'document' ? document.attachments : [];
}

function readOne(name: string, bytes: Uint8Array, limits: Partial<EdxmlLimits> = {}) {
  const xml = message(reference('cid:1', name), attachment('cid:1', name, base64(bytes)));
  return read(xml, limits)[0];
}

describe('attachments', () => {
  it('are joined with their references, with or without cid:', () => {
    const xml = message(
      reference('cid:1', 'a.txt') + reference('2', 'b.txt'),
      attachment('cid:2', 'b.txt', base64(FILE)) + attachment('1', 'a.txt', ''),
    );
    expect(read(xml)).toEqual([
      { contentId: '1', contentType: 'text/plain', name: 'a.txt', data: new Uint8Array() },
      { contentId: '2', contentType: 'text/plain', name: 'b.txt', data: FILE },
    ]);
  });

  it('are kept when one of the two is missing, or names differ', () => {
    const xml = message(
      reference('1', 'a.txt') + reference('2', 'b.txt'),
      attachment('2', 'other.txt', '') + attachment('3', 'c.txt', ''),
    );
    const read1 = readEdxml(Buffer.from(xml));
    expect(read1).toMatchObject({
      attachments: [
        { contentId: '1' },
        { contentId: '2', name: 'b.txt', transferredAs: { name: 'other.txt' } },
        { contentId: '3', unreferenced: true },
      ],
    });
    expect(readEdxml(writeEdxml(read1))).toEqual(read1);
  });

  it('keep their order when ids repeat', () => {
    const xml = message(
      reference('1', 'a') + reference('1', 'b'),
      attachment('1', 'a', base64(Buffer.from('A'))) +
        attachment('1', 'b', base64(Buffer.from('B'))),
    );
    expect(read(xml).map(({ data }) => Buffer.from(data ?? []).toString())).toEqual(['A', 'B']);
  });

  it('may be named in xlink:href alone', () => {
    const xml = message(
      '<Reference xlink:href="cid:7" xlink:type="simple"/>',
      attachment('7', 'a', base64(FILE)),
    );
    expect(read(xml)).toMatchObject([{ contentId: '7', data: FILE }]);
  });

  it('may hold line breaks in their base64', () => {
    const text = base64(FILE).replace(/(.{60})/g, '$1\r\n  ');
    expect(read(message('', attachment('1', 'a', text)))).toMatchObject([{ data: FILE }]);
  });

  it.each(['AAA', 'A===', '====', 'AA=A', 'AA*A', 'đđđđ', 'AA-_'])('refuse %j', (text) => {
    expect(() => read(message('', attachment('1', 'tệp.pdf', text)))).toThrow(
      expect.objectContaining({
        code: 'BUS_EDXML_ATTACHMENT_INVALID',
        message: 'the content of attachment "tệp.pdf" is not base64',
      }),
    );
  });

  it('travel in the dialect of the national bus', () => {
    const xml = Buffer.from(writeEdxml(FULL_DOCUMENT)).toString();
    expect(xml).toContain(
      '</edXML:edXMLEnvelope><AttachmentEncoded><Attachment><ContentId>cid:a1<',
    );
    expect(xml).toContain(`<edXML:ContentTransferEncoded xmlns:edXML="${NAMESPACE}">`);
  });

  it('leave no AttachmentEncoded when the files travel elsewhere', () => {
    const attachments = FULL_DOCUMENT.attachments.map(({ data: _left, ...rest }) => rest);
    const xml = writeEdxml({ ...FULL_DOCUMENT, attachments });
    expect(Buffer.from(xml).toString()).not.toContain('AttachmentEncoded');
    expect(readEdxml(xml)).toMatchObject({ attachments });
  });
});

describe('a file that was zipped alone', () => {
  const zip = zipSync({ '5f0e/x.pdf': FILE });

  it.each(['văn bản.pdf', 'a.txt', 'noextension', 'odd.doc'])('is unzipped for %s', (name) => {
    expect(readOne(name, zip)).toMatchObject({ data: FILE, transferred: zip });
  });

  it.each(['a.zip', 'a.DOCX', 'a.xlsx', 'a.pptx'])('stays a zip for %s', (name) => {
    const read1 = readOne(name, zip);
    expect(read1?.data).toEqual(zip);
    expect(read1).not.toHaveProperty('transferred');
  });

  it('is unzipped when name and entry agree on a zip format', () => {
    expect(readOne('a.docx', zipSync({ 'b.docx': FILE }))?.data).toEqual(FILE);
  });

  it('is unzipped once, never deeper', () => {
    expect(readOne('a.txt', zipSync({ 'x.txt': zip }))?.data).toEqual(zip);
  });

  it('is left alone with two entries, or none', () => {
    const two = zipSync({ a: FILE, b: FILE });
    const none = zipSync({});
    expect(readOne('a.txt', two)?.data).toEqual(two);
    expect(readOne('a.txt', none)?.data).toEqual(none);
  });

  it('is left alone when it is broken anywhere', () => {
    const stored = zipSync({ x: randomBytes(64) }, { level: 0 });
    for (let index = 4; index < stored.length; index += 1) {
      const broken = Uint8Array.from(stored);
      broken[index] = (broken[index] ?? 0) ^ 0xff;
      const data = readOne('a.bin', broken)?.data;
      const isWhole = data?.length === 64; // only a name, a time or a flag was hit
      expect(isWhole || Buffer.compare(data ?? FILE, broken) === 0).toBe(true);
    }
  });

  it('goes out again as it came', () => {
    const xml = message(reference('1', 'a.txt'), attachment('1', 'a.txt', base64(zip)));
    const again = Buffer.from(writeEdxml(readEdxml(Buffer.from(xml)))).toString();
    expect(again).toContain(base64(zip));
  });

  it('keeps to the limits', () => {
    const bomb = zipSync({ x: new Uint8Array(5_000_000) });
    expect(bomb.length).toBeLessThan(10_000);
    expect(() => readOne('a.txt', bomb, { maxAttachmentBytes: 1_000_000 })).toThrow(
      'bytes of attachment "a.txt": 5000000, at most 1000000 are allowed',
    );
    expect(() => readOne('a.txt', FILE, { maxAttachmentBytes: 100 })).toThrow('at most 100');
    expect(() => readOne('a.txt', FILE, { maxTotalAttachmentBytes: 100 })).toThrow('more than 100');
    expect(() => readOne('a.txt', FILE, { maxAttachmentCount: 0 })).toThrow('attachments: 1');
  });

  it('does not believe a size that the zip lies about', () => {
    const lying = Uint8Array.from(zipSync({ x: new Uint8Array(100_000) }));
    const view = new DataView(lying.buffer);
    const central = view.getUint32(lying.length - 22 + 16, true);
    view.setUint32(central + 24, 10, true);
    expect(readOne('a.txt', lying)?.data).toEqual(lying);
  });
});
