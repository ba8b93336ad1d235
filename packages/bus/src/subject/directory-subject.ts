import { type AgencyCode, codeToToken, tokenToCodeOrUndefined } from '../agency/code.ts';
import { type Site, isSite, parseSite } from '../agency/tier.ts';
import { BusError } from '../errors.ts';

/** Place of an entry in its registrar's sequence, from 1; 0 stands before the first. */
export interface EntryPlace {
  readonly registrar: AgencyCode;
  readonly sequence: number;
}

/** Asks how far each registrar's entries go. */
export const DIRECTORY_HEADS_SUBJECT = 'vb.directory.heads';
/** Sequences are asked for by subject, so they must fit a token. */
const SEQUENCE = /^(?:0|[1-9][0-9]{0,14})$/;

/** `vb.directory.get.<code>`: asks the site service for one agency's signed entry. */
export function directoryGetSubject(code: AgencyCode): string {
  return `vb.directory.get.${codeToToken(code)}`;
}

export function parseDirectoryGetSubject(subject: string): AgencyCode | undefined {
  const [token] = tokensAfter(subject, 'vb.directory.get.', 1) ?? [];
  return token === undefined ? undefined : tokenToCodeOrUndefined(token);
}

/**
 * `vb.directory.since.<registrar>.<n>`: asks for the page of a registrar's entries after `n`.
 *
 * @throws {@link BusError} `BUS_SUBJECT_INVALID` or `BUS_AGENCY_CODE_INVALID`.
 */
export function directorySinceSubject(place: EntryPlace): string {
  return `vb.directory.since.${placeTokens(place)}`;
}

export function parseDirectorySinceSubject(subject: string): EntryPlace | undefined {
  return parsePlace(subject, 'vb.directory.since.');
}

/** `vb.directory.entry.<registrar>.<n>`: a signed entry on its way to other sites; one per subject. */
export function directoryEntrySubject(place: EntryPlace): string {
  return `vb.directory.entry.${placeTokens(place)}`;
}

export function parseDirectoryEntrySubject(subject: string): EntryPlace | undefined {
  const place = parsePlace(subject, 'vb.directory.entry.');
  return place?.sequence === 0 ? undefined : place;
}

/** `vb.directory.changed.<site>`: the site service says that new entries are there. */
export function directoryChangedSubject(site: Site): string {
  return `vb.directory.changed.${parseSite(site)}`;
}

export function parseDirectoryChangedSubject(subject: string): Site | undefined {
  const [site] = tokensAfter(subject, 'vb.directory.changed.', 1) ?? [];
  return site !== undefined && isSite(site) ? site : undefined;
}

function placeTokens({ registrar, sequence }: EntryPlace): string {
  const number = String(sequence);
  if (SEQUENCE.test(number)) return `${codeToToken(registrar)}.${number}`;
  const quoted = JSON.stringify(number.slice(0, 60));
  throw new BusError('BUS_SUBJECT_INVALID', `bad sequence ${quoted} for a subject`, {
    details: { part: 'sequence', value: quoted },
  });
}

function parsePlace(subject: string, prefix: string): EntryPlace | undefined {
  const [token, number] = tokensAfter(subject, prefix, 2) ?? [];
  if (token === undefined || number === undefined || !SEQUENCE.test(number)) return undefined;
  const registrar = tokenToCodeOrUndefined(token);
  return registrar && { registrar, sequence: Number(number) };
}

function tokensAfter(subject: string, prefix: string, count: number): string[] | undefined {
  if (!subject.startsWith(prefix)) return undefined;
  const tokens = subject.slice(prefix.length).split('.', count + 1);
  return tokens.length === count ? tokens : undefined;
}
