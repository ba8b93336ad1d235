import { AgentError } from './errors.ts';

/** C0, DEL and C1 controls, and the line separators that terminals and logs obey. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
/** Free text may hold tabs and line ends, nothing else of the kind. */
// oxlint-disable-next-line no-control-regex -- naming them is the purpose
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const MAX_PROSE_LENGTH = 1_000;
const MAX_ACTOR_LENGTH = 200;

/** A request with a wrong field; `details.field` names it. */
export function invalid(field: string, message: string): AgentError {
  return new AgentError('AGENT_REQUEST_INVALID', message, { details: { field } });
}

/** One line that says something. @throws {@link AgentError} `AGENT_REQUEST_INVALID`. */
export function requireLine(field: string, text: string, maxLength: number): void {
  requireText(field, text, maxLength, CONTROL);
}

/** A reason or note, of several lines at most. @throws {@link AgentError} `AGENT_REQUEST_INVALID`. */
export function requireProse(field: string, text: string): void {
  requireText(field, text, MAX_PROSE_LENGTH, CONTROL_BUT_LINES);
}

/** Who acts, where the caller says so. @throws {@link AgentError} `AGENT_REQUEST_INVALID`. */
export function requireActor(actor: string | undefined): void {
  if (actor !== undefined) requireLine('actor', actor, MAX_ACTOR_LENGTH);
}

/** What a record or a header would refuse is refused before anything is taken or written. */
function requireText(field: string, text: string, maxLength: number, forbidden: RegExp): void {
  if (text.trim() === '') throw invalid(field, `${field} is empty`);
  if (text.length > maxLength) {
    throw invalid(field, `${field} has ${text.length} characters, at most ${maxLength} fit`);
  }
  if (forbidden.test(text) || !text.isWellFormed()) {
    throw invalid(field, `${field} has a control or broken character`);
  }
}
