import { readEdxml } from '../edxml/read.ts';
import { BusError } from '../errors.ts';
import type { RecordPayload } from '../record/codec.ts';
import type {
  DeliveryPayload,
  DispatchEntry,
  ReceiptEntry,
  WithdrawnEntry,
} from '../record/payload.ts';
import type { EvidenceDocument, RecordKind } from './statement.ts';

/** A signed record of the evidence, read and not judged. */
export interface ReadRecord {
  readonly kind: RecordKind;
  readonly content: RecordPayload;
}

/** What one recipient did with the document, in its own words. */
export interface DeliveryFacts {
  readonly to: string;
  readonly mode: 'E' | 'E+P' | null;
  readonly receipts: readonly ReceiptFacts[];
  readonly withdrawn: Pick<WithdrawnEntry, 'at' | 'cause' | 'reason'> | null;
}

export type ReceiptFacts = Pick<
  ReceiptEntry,
  'status' | 'at' | 'reasonCode' | 'reason' | 'incoming' | 'packageDigest'
>;

/** What the records say: who sent what to whom, and what came of it. */
export interface EvidenceFacts {
  readonly document: EvidenceDocument;
  readonly number: string | null;
  readonly issuedOn: string | null;
  readonly documentType: string | null;
  readonly abstract: string | null;
  /** When the sender says that it sent it. */
  readonly sentAt: string | null;
  readonly deliveries: readonly DeliveryFacts[];
  readonly paper: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * Reads the facts out of the records and the header; nothing is judged. Records about another document
 * are left out: the verification names them.
 */
export function readFacts(
  document: EvidenceDocument,
  records: readonly ReadRecord[],
  header: Uint8Array | null,
): EvidenceFacts {
  const own = records.filter(({ content }) => isAbout(document, content));
  const dispatch = own.map(dispatchOf).find((entry) => entry !== undefined);
  const delivery = own.map(deliveryOf).find((payload) => payload !== undefined);
  const sent = dispatch?.recipients.flatMap((one) => ('to' in one ? [one] : []));
  const modes = new Map<string, 'E' | 'E+P'>(sent?.map(({ to, mode }) => [to, mode]));
  const receipts = Map.groupBy(own.flatMap(receiptOf), ({ from }) => from);
  const addressed = new Set<string>([...modes.keys(), ...(delivery?.to ?? [])]);
  // Anybody can sign a receipt: where the sender says whom it addressed, nobody else is a recipient.
  const named = addressed.size > 0 ? addressed : new Set(receipts.keys());
  const withdrawn = new Map(own.flatMap(withdrawnOf).map((entry) => [String(entry.to), entry]));
  return {
    document,
    ...describe(dispatch, header),
    sentAt: delivery?.sentAt ?? sentAtOf(own) ?? null,
    deliveries: [...named].map((to) => ({
      to,
      mode: modes.get(to) ?? null,
      receipts: (receipts.get(to) ?? [])
        .map(({ from: _from, ...rest }) => rest)
        .toSorted((a, b) => (a.at < b.at ? -1 : 1)),
      withdrawn: withdrawn.get(to) ?? null,
    })),
    paper: dispatch?.recipients.flatMap((one) => ('name' in one ? [one] : [])) ?? [],
  };
}

/** Whether a record is about the document that the evidence is about. */
export function isAbout(document: EvidenceDocument, content: RecordPayload): boolean {
  const subject = subjectOf(content);
  return (
    subject !== undefined &&
    subject.sender === document.from &&
    subject.documentId === document.documentId &&
    subject.businessType === document.businessType &&
    subject.documentVersion === document.documentVersion
  );
}

/** The package digest that a record names; `undefined` for one that names none. */
export function digestOf(content: RecordPayload): string | null | undefined {
  switch (content.type) {
    case 'delivery':
    case 'receipt':
      return content.payload.packageDigest;
    case 'report': {
      const { entry } = content.payload;
      return 'packageDigest' in entry ? entry.packageDigest : undefined;
    }
    case 'watermark':
    case 'directory':
      return undefined;
  }
}

/** What kind of record it is; `undefined` for one that proves nothing about a document. */
export function kindOf(content: RecordPayload): RecordKind | undefined {
  switch (content.type) {
    case 'delivery':
    case 'receipt':
      return content.type;
    case 'report': {
      const { kind } = content.payload.entry;
      if (kind === 'dispatch' || kind === 'receipt') return kind;
      return kind === 'withdrawn' ? 'withdrawal' : undefined;
    }
    case 'watermark':
    case 'directory':
      return undefined;
  }
}

interface RecordSubject {
  readonly sender: string;
  readonly documentId: string;
  readonly businessType: number;
  readonly documentVersion: number;
}

function subjectOf(content: RecordPayload): RecordSubject | undefined {
  switch (content.type) {
    case 'delivery':
      return { ...content.payload, sender: content.payload.from };
    case 'receipt':
      return { ...content.payload, sender: content.payload.to };
    case 'report': {
      const { from, entry } = content.payload;
      if (entry.kind === 'receipt') return entry;
      if (entry.kind === 'paper' || entry.kind === 'void') return undefined;
      return { ...entry, sender: from };
    }
    case 'watermark':
    case 'directory':
      return undefined;
  }
}

function dispatchOf({ content }: ReadRecord): DispatchEntry | undefined {
  if (content.type !== 'report' || content.payload.entry.kind !== 'dispatch') return undefined;
  return content.payload.entry;
}

function deliveryOf({ content }: ReadRecord): DeliveryPayload | undefined {
  return content.type === 'delivery' ? content.payload : undefined;
}

function sentAtOf(records: readonly ReadRecord[]): string | undefined {
  return records.flatMap(({ content }) =>
    content.type === 'report' && content.payload.entry.kind === 'dispatch'
      ? [content.payload.at]
      : [],
  )[0];
}

export function receiptOf({ content }: ReadRecord): (ReceiptFacts & { readonly from: string })[] {
  if (content.type === 'receipt') return [content.payload];
  if (content.type !== 'report' || content.payload.entry.kind !== 'receipt') return [];
  return [{ ...content.payload.entry, from: content.payload.from }];
}

function withdrawnOf({ content }: ReadRecord): WithdrawnEntry[] {
  if (content.type !== 'report' || content.payload.entry.kind !== 'withdrawn') return [];
  return [content.payload.entry];
}

type Described = Pick<EvidenceFacts, 'number' | 'issuedOn' | 'documentType' | 'abstract'>;

/** By the dispatch, which is signed as it stands; where it is not here, by the header. */
function describe(dispatch: DispatchEntry | undefined, header: Uint8Array | null): Described {
  if (dispatch !== undefined) {
    const { register, documentType, abstract } = dispatch;
    const number = `${register.number}/${register.notation}`;
    return { number, issuedOn: register.issuedOn, documentType, abstract };
  }
  const nothing = { number: null, issuedOn: null, documentType: null, abstract: null };
  if (header === null) return nothing;
  try {
    const message = readEdxml(header);
    if (message.kind !== 'document') return nothing;
    const { code, promulgation, documentType, abstract } = message;
    return {
      number: `${code.number}/${code.notation}`,
      issuedOn: promulgation.date,
      documentType: documentType.name,
      abstract,
    };
  } catch (error) {
    if (error instanceof BusError) return nothing;
    throw error;
  }
}
