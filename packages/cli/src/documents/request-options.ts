import type { PaperReason } from '@congvan/node-agent';
import { InvalidArgumentError } from 'commander';

import type { Cli } from '../context.ts';
import { parseDay, parseTime } from '../terminal/time.ts';
import { DOCUMENT_TYPES, findDocumentType } from './document-type.ts';

export const PAPER_REASONS: readonly PaperReason[] = ['infrastructure', 'listed', 'not-connected'];

export function isPaperReason(text: string): text is PaperReason {
  return text === 'infrastructure' || text === 'listed' || text === 'not-connected';
}

/** The full name of a kind of document; the error lists them all. */
export function parseDocumentType(cli: Pick<Cli, 'messages'>): (value: string) => string {
  return (value) => {
    const name = findDocumentType(value);
    if (name !== undefined) return name;
    const known = DOCUMENT_TYPES.map(([full, short]) =>
      short === '' ? full : `${full} (${short})`,
    );
    throw new InvalidArgumentError(cli.messages.text.wantedDocumentType(known.join(', ')));
  };
}

export function parseDayOption(cli: Pick<Cli, 'messages'>): (value: string) => string {
  return (value) => {
    const day = parseDay(value);
    if (day === undefined) throw new InvalidArgumentError(cli.messages.text.wantedDay);
    return day;
  };
}

export function parseTimeOption(cli: Pick<Cli, 'messages'>): (value: string) => Date {
  return (value) => {
    const at = parseTime(value);
    if (at === undefined) throw new InvalidArgumentError(cli.messages.text.wantedTime);
    return at;
  };
}
