import type { SentDocument } from '@congvan/node-agent';

import { castAgency } from '../agencies.ts';
import { composePdf, notationOf } from '../compose.ts';
import {
  type DocumentKey,
  isDocumentKey,
  type PlannedDocument,
  plannedDocument,
} from '../scenario.ts';
import { type DocumentReference, padNumber } from '../texts/text.ts';
import type { World } from '../world/world.ts';

const ACTOR = 'văn thư';

/** Sends the planned documents and remembers what the agents answered. */
export class Post {
  readonly #world: World;
  readonly #sent = new Map<DocumentKey, SentDocument>();

  constructor(world: World) {
    this.#world = world;
  }

  sent(key: DocumentKey): SentDocument {
    const document = this.#sent.get(key);
    if (document === undefined) throw new RangeError(`${key} was not sent yet`);
    return document;
  }

  all(): ReadonlyMap<DocumentKey, SentDocument> {
    return this.#sent;
  }

  /** `01/BC-UBND`, as printed on the document. */
  code(key: DocumentKey): string {
    const { codeNumber, codeNotation } = this.sent(key);
    return `${padNumber(codeNumber)}/${codeNotation}`;
  }

  /** Draws, registers, signs and keeps a planned document; its agent carries it out. */
  async send(key: DocumentKey): Promise<SentDocument> {
    const plan = plannedDocument(key);
    const from = castAgency(plan.from);
    const to = plan.to.map(castAgency);
    const former = this.#citation(plan.cites);
    const text = plan.write({ from, to, former });
    const { titleLines, fullName } = from.signatory;
    const document = await this.#world.agent(plan.from).send({
      idempotencyKey: key,
      to: plan.to,
      document: {
        name: `${text.typeName}.pdf`,
        pdf: async (assigned) => await composePdf({ from, to, text, assigned }),
      },
      abstract: text.abstract,
      documentType: text.typeName,
      notation: notationOf(from, text),
      signatory: {
        competence: titleLines[0]?.split(' ')[0] ?? '',
        position: titleLines.at(-1) ?? '',
        fullName,
      },
      actor: ACTOR,
      ...optionalFields(plan),
      ...this.#attachment(plan),
      ...this.#answer(plan),
    });
    this.#sent.set(key, document);
    return document;
  }

  #citation(key: string | undefined): DocumentReference | undefined {
    if (key === undefined || !isDocumentKey(key)) return undefined;
    const { codeNumber, codeNotation, issuedOn } = this.sent(key);
    return { issuer: castAgency(plannedDocument(key).from), codeNumber, codeNotation, issuedOn };
  }

  #attachment(plan: PlannedDocument) {
    const { cites } = plan;
    if (plan.attachesCited !== true || cites === undefined || !isDocumentKey(cites)) return {};
    const { signedPdf } = this.sent(cites);
    const name = `${this.code(cites).replace('/', '-')}.pdf`;
    return { attachments: [{ name, mediaType: 'application/pdf', bytes: signedPdf }] };
  }

  #answer({ answers }: PlannedDocument) {
    if (answers === undefined || !isDocumentKey(answers)) return {};
    const { documentId, issuedOn } = this.sent(answers);
    const organId = plannedDocument(answers).from;
    return { responseFor: { documentId, organId, code: this.code(answers), date: issuedOn } };
  }
}

function optionalFields({ alsoPaperTo, paperTo, priority }: PlannedDocument) {
  return {
    ...(alsoPaperTo === undefined ? {} : { alsoPaperTo }),
    ...(paperTo === undefined ? {} : { paperTo }),
    ...(priority === undefined ? {} : { priority }),
  };
}
