import { type EdxmlDocument, type EdxmlStatus, readEdxml } from '../../src/index.ts';

export const NAMESPACE = 'http://www.mic.gov.vn/TBT/QCVN_102_2016';

/** An invented document with every field of the regulation filled. */
export const FULL_DOCUMENT: EdxmlDocument = {
  kind: 'document',
  from: {
    organId: 'H09.12',
    organizationInCharge: 'UBND tỉnh Thử Nghiệm',
    organName: 'Sở Mẫu',
    organAdd: '1 đường Một, phường Hai',
    email: 'vanthu@so-mau.example',
    telephone: '(84-4) 0000 0000',
    fax: '000',
    website: 'https://so-mau.example',
  },
  to: [{ organId: 'G22', organName: 'Văn phòng Mẫu' }, { organId: 'H09.13' }],
  code: { number: '15', notation: 'QĐ-SM' },
  promulgation: { place: 'Thử Nghiệm', date: '2026-07-01' },
  documentType: { type: 2, detail: 2, name: 'Quyết định' },
  abstract: 'V/v ban hành quy chế mẫu',
  content: 'tóm tắt',
  signatory: { competence: 'KT.', position: 'Phó Giám đốc', fullName: 'Nguyễn Thị Mẫu' },
  dueDate: '2026-07-31',
  toPlaces: ['Như trên', 'Lưu: VT'],
  otherInfo: {
    priority: 2,
    sphereOfPromulgation: 'Lưu hành nội bộ',
    typerNotation: 'NTM',
    promulgationAmount: 3,
    pageAmount: 5,
    direction: true,
    appendixes: ['Phụ lục 1', 'Phụ lục 2'],
  },
  responseFor: [
    {
      organId: '000.00.00.G22',
      code: '7/VP-TH',
      promulgationDate: '2026-06-01',
      documentId: '000.00.00.G22,2026/06/01,7/VP-TH',
    },
  ],
  steeringType: 1,
  documentId: 'H09.12,2026/07/01,15/QĐ-SM',
  trace: [
    { organId: 'H09.12', timestamp: '2026-07-01T08:30:00+07:00' },
    { organId: 'null', timestamp: '2026-07-01T08:30:05+07:00' },
  ],
  business: {
    type: 2,
    reason: 'sửa số liệu',
    documentInfo: {
      documentInfo: 1,
      documentReceiver: 1,
      receivers: [
        { organId: 'H09.14', receiverType: 0 },
        { organId: 'H09.13', receiverType: 1 },
      ],
    },
    documentId: 'H09.12,2026/06/30,14/QĐ-SM',
    staff: {
      department: 'Văn phòng',
      staff: 'Trần Mẫu',
      mobile: '0900000000',
      email: 'a@b.example',
    },
    paper: 1,
    replacements: [{ documentId: 'H09.12,2026,1', organIds: ['G22', 'H09.13'] }],
  },
  attachments: [
    {
      contentId: 'a1',
      contentType: 'application/pdf',
      name: 'quyết định.pdf',
      description: 'bản chính',
      data: Uint8Array.from(Buffer.from('%PDF-1.7 mẫu')),
    },
  ],
};

export const FULL_STATUS: EdxmlStatus = {
  kind: 'status',
  from: { organId: 'G22', organName: 'Văn phòng Mẫu' },
  responseFor: {
    organId: 'H09.12',
    code: '15/QĐ-SM',
    promulgationDate: '2026-07-01',
    documentId: 'H09.12,2026/07/01,15/QĐ-SM',
  },
  staff: { department: 'Văn thư', staff: 'Lê Mẫu' },
  statusCode: '03',
  description: 'Văn thư: đã tiếp nhận',
  timestamp: '2026-07-01T09:00:00+07:00',
};

/** A message whose `MessageHeader` holds the given XML. */
export function messageWith(inside: string, behind = ''): string {
  return (
    `<edXML xmlns="${NAMESPACE}"><edXMLEnvelope><edXMLHeader>` +
    `<MessageHeader>${inside}</MessageHeader>${behind}</edXMLHeader></edXMLEnvelope></edXML>`
  );
}

export function readDocument(source: string | Uint8Array): EdxmlDocument {
  const message = readEdxml(typeof source === 'string' ? Buffer.from(source) : source);
  if (message.kind !== 'document') throw new Error('a status was read');
  return message;
}

/** The texts of all elements, sorted: what a message says, wherever it says it. */
export function textsOf(xml: Uint8Array): string[] {
  const text = Buffer.from(xml).toString();
  return [...text.matchAll(/>([^<]+)</g)]
    .map((match) => match[1]?.trim() ?? '')
    .filter((value) => value !== '')
    .toSorted();
}
