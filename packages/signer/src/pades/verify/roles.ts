import { SignerError } from '../../errors.ts';
import type { PdfDocument } from '../../pdf/document.ts';
import {
  PdfDict,
  PdfRef,
  PdfStream,
  type PdfValue,
  isPdfArray,
  nameText,
  numberOf,
} from '../../pdf/values.ts';
import { IN_OBJECT_STREAM, numbersInSection } from '../../pdf/xref.ts';

/**
 * What an object of a revision is for.
 *
 * - `content`: pages, annotations, fields, names, and whatever else a reader may see or use.
 * - `structure`: the structure tree, which screen readers and text export follow.
 * - `form`: fonts and resources with which fields are drawn.
 * - `validation`: the security store (DSS).
 * - `metadata`: descriptions of the document that no page shows.
 *
 * An object with several uses counts for the first in this list; one that nothing uses has no role.
 */
export type Role = 'content' | 'structure' | 'form' | 'validation' | 'metadata' | 'unused';

/** In the order in which they are walked: the first to reach an object gives it its role. */
const STAGES = ['content', 'appearance', 'structure', 'form', 'validation', 'metadata'] as const;
type Stage = (typeof STAGES)[number];

const CATALOG_STAGES: Readonly<Record<string, Stage>> = {
  StructTreeRoot: 'structure',
  MarkInfo: 'structure',
  DSS: 'validation',
  Extensions: 'metadata',
  Metadata: 'metadata',
  PieceInfo: 'metadata',
};
const FORM_RESOURCES = new Set(['DR', 'DA']);

/**
 * Finds out what every object of a revision is for, by following references from the catalog. The
 * catalog has the role `content` if something refers to it: it may serve as resources as well.
 */
export function rolesOf(document: PdfDocument): (number: number) => Role {
  const walk = new RoleWalk(document);
  walk.run();
  const { roles, isAmbiguous } = walk;
  return (number) => roles.get(number) ?? (isAmbiguous ? 'content' : 'unused');
}

class RoleWalk {
  readonly roles = new Map<number, Role>();
  /** A key stands twice somewhere: other readers may follow the one that is lost here. */
  isAmbiguous = false;
  private readonly document: PdfDocument;
  private readonly waiting = new Map<Stage, PdfValue[]>(STAGES.map((stage) => [stage, []]));
  private readonly catalogNumber: number | undefined;

  constructor(document: PdfDocument) {
    this.document = document;
    const root = document.trailer.get('Root');
    this.catalogNumber = root instanceof PdfRef ? root.number : undefined;
  }

  run(): void {
    this.start();
    for (const stage of STAGES) {
      const queue = this.waiting.get(stage) ?? [];
      for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
        this.visit(value, stage);
      }
    }
  }

  private push(stage: Stage, value: PdfValue | undefined): void {
    if (value !== undefined) this.waiting.get(stage)?.push(value);
  }

  private start(): void {
    const { document } = this;
    const catalog = document.catalog();
    this.isAmbiguous ||= catalog.hasDuplicateKeys;
    for (const [key, value] of catalog.entries) {
      if (key === 'AcroForm') this.startForm(value);
      else this.push(CATALOG_STAGES[key] ?? 'content', value);
    }
    this.push('metadata', document.trailer.get('Info'));
    // Whoever changes an object stream changes every object in it.
    const streams = new Set<number>();
    for (const section of document.sections) {
      for (const number of numbersInSection(section)) {
        const entry = document.entry(number);
        if (entry?.kind === IN_OBJECT_STREAM) streams.add(entry.position);
      }
    }
    for (const number of streams) this.push('content', new PdfRef(number, 0));
  }

  private startForm(value: PdfValue): void {
    // The number first: what is form and page at once must not pass as a form.
    if (value instanceof PdfRef) this.push('form', value);
    for (const [key, item] of this.document.dict(value)?.entries ?? []) {
      this.push(FORM_RESOURCES.has(key) ? 'form' : 'content', item);
    }
  }

  private visit(value: PdfValue, stage: Stage): void {
    if (value instanceof PdfRef) {
      if (value.number === this.catalogNumber) {
        this.roles.set(value.number, 'content');
        return;
      }
      if (this.roles.has(value.number)) return;
      this.roles.set(value.number, stage === 'appearance' ? 'content' : stage);
      const target = this.read(value);
      if (target !== undefined) this.visitInside(target, stage);
      return;
    }
    this.visitInside(value, stage);
  }

  private read(ref: PdfRef): PdfValue | undefined {
    try {
      return this.document.get(ref.number);
    } catch (error) {
      if (error instanceof SignerError && error.code === 'SIGNER_PDF_BROKEN') return undefined;
      throw error;
    }
  }

  private visitInside(value: PdfValue, stage: Stage): void {
    if (isPdfArray(value)) {
      for (const item of value) this.visitItem(item, stage);
      return;
    }
    const dict = value instanceof PdfStream ? value.dict : value;
    if (!(dict instanceof PdfDict)) return;
    this.isAmbiguous ||= dict.hasDuplicateKeys;
    const isWidget = nameText(dict.get('Subtype')) === 'Widget';
    for (const [key, item] of dict.entries) {
      // A signature names the catalog as what it is about (ISO 32000-1 §12.8.1, table 253).
      if (key === 'Data' && numberOf(item) === this.catalogNumber) continue;
      // Keys say little: resources may have any name, `/Metadata` too. What is not sure is content.
      if (stage === 'content' && isWidget && key === 'AP') this.push('appearance', item);
      else if (stage === 'appearance' && key === 'Font') this.push('form', item);
      else if (stage === 'content' && FORM_RESOURCES.has(key)) this.push('form', item);
      else this.visitItem(item, stage);
    }
  }

  private visitItem(item: PdfValue, stage: Stage): void {
    if (item instanceof PdfRef) this.push(stage, item);
    else if (item !== null && typeof item === 'object') this.visitInside(item, stage);
  }
}
