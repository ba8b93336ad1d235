import type { XmlElement } from './xml-tree.ts';

/** Elements that nothing here knows, or whose value could not be read; they are written again. */
export interface Extensible {
  readonly extensions?: readonly XmlElement[] | undefined;
}

/** `From` or `To` (QCVN 102:2016, 1.1 and 1.2). `organId` is as received, old form or new. */
export interface EdxmlAgency extends Extensible {
  readonly organId: string;
  /** Name of the governing agency; some senders put a code. */
  readonly organizationInCharge?: string | undefined;
  readonly organName?: string | undefined;
  readonly organAdd?: string | undefined;
  readonly email?: string | undefined;
  readonly telephone?: string | undefined;
  readonly fax?: string | undefined;
  readonly website?: string | undefined;
}

/** `Code`: the number and the notation, "15" and "QĐ-UBND". */
export interface EdxmlCode extends Extensible {
  readonly number: string;
  readonly notation: string;
}

export interface EdxmlPromulgation extends Extensible {
  readonly place?: string | undefined;
  /** `YYYY-MM-DD`; empty when the message has none. */
  readonly date: string;
}

/** `DocumentType`; of the three only the name is reliable in practice. */
export interface EdxmlDocumentType extends Extensible {
  readonly type?: number | undefined;
  readonly detail?: number | undefined;
  readonly name: string;
}

/** The person of edXML `SignerInfo`. */
export interface EdxmlSignatory extends Extensible {
  /** TM., KT., TL., TUQ., Q. */
  readonly competence?: string | undefined;
  readonly position?: string | undefined;
  readonly fullName?: string | undefined;
}

export interface EdxmlOtherInfo extends Extensible {
  /** 0 Thường, 1 Khẩn, 2 Thượng khẩn, 3 Hỏa tốc, 4 Hỏa tốc hẹn giờ. */
  readonly priority: number;
  readonly sphereOfPromulgation?: string | undefined;
  readonly typerNotation?: string | undefined;
  readonly promulgationAmount?: number | undefined;
  readonly pageAmount?: number | undefined;
  readonly direction?: boolean | undefined;
  readonly appendixes: readonly string[];
}

/** `ResponseFor`: the document that this one answers. */
export interface EdxmlResponseFor extends Extensible {
  readonly organId: string;
  /** "number/notation". */
  readonly code: string;
  /** `YYYY-MM-DD`; empty when the message has none. */
  readonly promulgationDate: string;
  readonly documentId: string;
}

export interface EdxmlTraceHeader extends Extensible {
  /** As received: real messages have `null` here, or nothing. */
  readonly organId: string;
  /** `YYYY-MM-DDTHH:mm:ss+07:00`. */
  readonly timestamp?: string | undefined;
}

export interface EdxmlStaff extends Extensible {
  readonly department?: string | undefined;
  readonly staff?: string | undefined;
  readonly mobile?: string | undefined;
  readonly email?: string | undefined;
}

export interface EdxmlReceiverChange extends Extensible {
  readonly organId: string;
  /** 0 removed from the list, 1 added. */
  readonly receiverType: number;
}

/** What an update changes (2.2.3). */
export interface EdxmlDocumentInfo extends Extensible {
  /** 1 when content or metadata changed. */
  readonly documentInfo?: number | undefined;
  /** 1 when the list of receivers changed. */
  readonly documentReceiver?: number | undefined;
  readonly receivers: readonly EdxmlReceiverChange[];
}

/** One document that a replacement replaces (2.2.8). */
export interface EdxmlReplacement extends Extensible {
  readonly documentId: string;
  /** The receivers for whom it is replaced. */
  readonly organIds: readonly string[];
}

/** The `Bussiness` block; a message without one is a new document. */
export interface EdxmlBusiness extends Extensible {
  /** 0 new, 1 recall, 2 update, 3 replacement. */
  readonly type: number;
  readonly reason?: string | undefined;
  readonly documentInfo?: EdxmlDocumentInfo | undefined;
  /** The earlier document that is recalled or updated. */
  readonly documentId?: string | undefined;
  readonly staff?: EdxmlStaff | undefined;
  /** 0 electronic only, 1 a paper copy follows. */
  readonly paper?: number | undefined;
  readonly replacements: readonly EdxmlReplacement[];
}

/** One file: the `Reference` of the manifest and the `Attachment` with the same id, joined. */
export interface EdxmlAttachment extends Extensible {
  /** Without `cid:`. */
  readonly contentId: string;
  readonly contentType: string;
  readonly name: string;
  readonly description?: string | undefined;
  /** The file itself: base64 decoded, and unzipped where the sender zipped each file alone. */
  readonly data?: Uint8Array | undefined;
  /** The bytes that base64 stood for, where they are not the file: its zip. */
  readonly transferred?: Uint8Array | undefined;
  /** What `Attachment` says of the file where it differs from `Reference`. */
  readonly transferredAs?: EdxmlTransferredAs | undefined;
  /** True for an `Attachment` that no `Reference` names. */
  readonly unreferenced?: boolean | undefined;
  /** Unknown elements of `Attachment`; those of `Reference` are the `extensions`. */
  readonly transferredExtensions?: readonly XmlElement[] | undefined;
}

export interface EdxmlTransferredAs {
  readonly contentType?: string | undefined;
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

/** An unknown element outside `MessageHeader`, and the part of the message that held it. */
export interface EdxmlOtherElement {
  readonly parent: 'root' | 'envelope' | 'header' | 'trace' | 'body' | 'manifest' | 'attachments';
  readonly element: XmlElement;
}

/** `MessageHeader` of a document (QCVN 102:2016, 1.1 to 1.14). */
export interface EdxmlMessageHeader extends Extensible {
  readonly from: EdxmlAgency;
  readonly to: readonly EdxmlAgency[];
  readonly code: EdxmlCode;
  readonly promulgation: EdxmlPromulgation;
  readonly documentType: EdxmlDocumentType;
  /** Trích yếu: the element `Subject`. */
  readonly abstract: string;
  readonly content?: string | undefined;
  readonly signatory: EdxmlSignatory;
  /** `YYYY-MM-DD`. */
  readonly dueDate?: string | undefined;
  readonly toPlaces: readonly string[];
  readonly otherInfo: EdxmlOtherInfo;
  readonly responseFor: readonly EdxmlResponseFor[];
  readonly steeringType?: number | undefined;
  /** Opaque, at most 100 characters; compared as it stands. */
  readonly documentId: string;
}

/** A message that carries a document. */
export interface EdxmlDocument extends EdxmlMessageHeader {
  readonly kind: 'document';
  readonly trace: readonly EdxmlTraceHeader[];
  readonly business: EdxmlBusiness;
  readonly attachments: readonly EdxmlAttachment[];
  /** Among them the envelope's `Signature`, which proves nothing in practice. */
  readonly otherElements?: readonly EdxmlOtherElement[] | undefined;
}

/** `MessageHeader` of a status message. */
export interface EdxmlStatusHeader extends Extensible {
  readonly from: EdxmlAgency;
  readonly responseFor: EdxmlResponseFor;
  readonly staff?: EdxmlStaff | undefined;
  readonly statusCode: string;
  readonly description?: string | undefined;
  /** `YYYY-MM-DDTHH:mm:ss+07:00`; may be earlier than the document's date. */
  readonly timestamp?: string | undefined;
}

/** A message that says what became of a document. */
export interface EdxmlStatus extends EdxmlStatusHeader {
  readonly kind: 'status';
  readonly otherElements?: readonly EdxmlOtherElement[] | undefined;
}
