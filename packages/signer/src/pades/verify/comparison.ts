import type { PdfDocument } from '../../pdf/document.ts';
import type { FormField } from '../form.ts';
import { collectFields } from '../form.ts';
import type { ReferenceSurvey } from '../references.ts';
import { type Role, rolesOf } from './roles.ts';

/**
 * What a later change means for the signature before it.
 *
 * - `violation`: something that can be shown, read or filled in may have changed.
 * - `undecided`: it cannot be told from the file whether something looks different.
 * - `warning`: a habit of other programs that changes nothing to be seen.
 * - `expected`: what may follow a signature: further signatures, time-stamps, validation data.
 */
export type ChangeKind = 'violation' | 'undecided' | 'warning' | 'expected';

/** One thing that a later revision did, in words. */
export interface LaterChange {
  readonly kind: ChangeKind;
  readonly text: string;
}

/**
 * What is known about the signature that a later revision brought.
 *
 * - `intact`: its place and its cryptography hold, whoever made it.
 * - `unproven`: its place is right, but its cryptography cannot be judged (SHA-1, an old format).
 */
export type LaterState = 'intact' | 'unproven';

/** A signature or document time-stamp that stands in a later revision, at a place that is right. */
export interface LaterSignature {
  readonly kind: 'signature' | 'timestamp';
  readonly state: LaterState;
  readonly fieldName: string;
  readonly fieldNumber: number | undefined;
  readonly widgets: readonly number[];
  readonly end: number;
  readonly isCertification: boolean;
}

/** The signed revision, the whole file, and what has been found out about the difference. */
export class Comparison {
  readonly signed: PdfDocument;
  readonly final: PdfDocument;
  readonly survey: ReferenceSurvey;
  readonly later: readonly LaterSignature[];
  /** Changed objects (present before and after) that no rule has explained yet. */
  readonly unexplained = new Set<number>();
  /** Objects that were there and are free now, and that no rule has explained yet. */
  readonly deleted = new Set<number>();
  /** Numbers that were referred to without an object and have one now. */
  readonly filled = new Set<number>();
  private readonly found = new Map<string, LaterChange>();
  private readonly laterByField = new Map<number, LaterSignature>();
  private readonly laterByWidget = new Map<number, LaterSignature>();
  private roles: ((number: number) => Role) | undefined;
  private fields: readonly FormField[] | undefined;

  constructor(
    signed: PdfDocument,
    final: PdfDocument,
    survey: ReferenceSurvey,
    later: readonly LaterSignature[],
  ) {
    this.signed = signed;
    this.final = final;
    this.survey = survey;
    this.later = later;
    for (const signature of later) {
      const { fieldNumber, widgets } = signature;
      if (fieldNumber !== undefined) this.laterByField.set(fieldNumber, signature);
      for (const widget of widgets) this.laterByWidget.set(widget, signature);
    }
  }

  add(kind: ChangeKind, text: string): void {
    this.found.set(`${kind} ${text}`, { kind, text });
  }

  get changes(): readonly LaterChange[] {
    return [...this.found.values()];
  }

  /** What the object is for in the signed revision; the strongest of its uses. */
  roleOf(number: number): Role {
    this.roles ??= rolesOf(this.signed);
    return this.roles(number);
  }

  laterField(number: number): LaterSignature | undefined {
    return this.laterByField.get(number);
  }

  laterWidget(number: number): LaterSignature | undefined {
    return this.laterByWidget.get(number);
  }

  /** The terminal fields of the signed revision. */
  signedFields(): readonly FormField[] {
    this.fields ??= collectFields(this.signed);
    return this.fields;
  }

  /** Takes a changed object as explained, if nothing else in the signed revision refers to it. */
  explain(number: number | undefined, expectedReferences: number): void {
    if (number === undefined || !this.unexplained.has(number)) return;
    if ((this.survey.counts.get(number) ?? 0) <= expectedReferences) {
      this.unexplained.delete(number);
    }
  }
}
