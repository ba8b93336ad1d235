import type { PdfDocument } from '../../pdf/document.ts';
import { nameText } from '../../pdf/values.ts';
import type { LocatedSignature, MisplacedSignature } from '../byte-range.ts';
import type { FormField } from '../form.ts';
import { docMdpLevel } from '../mdp.ts';
import type { LaterSignature } from './comparison.ts';
import type { PdfSignatureReport } from './report.ts';

/** A signature field with a value, and whether the place of the signature follows the rules. */
export interface Found {
  readonly field: FormField;
  readonly place: LocatedSignature | MisplacedSignature;
}

/** A signature after its own check; what came after it is judged next. */
export interface Judged extends Found {
  readonly report: PdfSignatureReport;
  /** `broken`: its place or cryptography is wrong; else as for {@link LaterSignature}. */
  readonly state: LaterSignature['state'] | 'broken';
}

/** The judged signature as the revisions before it see it; undefined when it is none. */
export function asLater(document: PdfDocument, judged: Judged): LaterSignature | undefined {
  const { field, place, state, report } = judged;
  if ('problem' in place || state === 'broken') return undefined;
  return {
    kind: report.kind,
    state,
    fieldName: field.name,
    fieldNumber: field.number,
    widgets: field.widgets,
    end: place.end,
    isCertification: docMdpLevel(document, place.dict) !== undefined,
  };
}

/** A document time-stamp is known by its SubFilter; `/Type` may be missing. */
export function isTimeStamp(document: PdfDocument, { field }: Found): boolean {
  const dict = document.dict(field.value);
  return nameText(document.resolve(dict?.get('SubFilter'))) === 'ETSI.RFC3161';
}
