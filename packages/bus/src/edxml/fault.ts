import { BusError } from '../errors.ts';

const MAX_QUOTED_LENGTH = 60;

/** @param offset - in bytes from the start of the message, when it is known. */
export function malformedXml(fault: string, offset?: number, cause?: unknown): BusError {
  const where = offset === undefined ? '' : `, at byte ${offset}`;
  return new BusError('BUS_EDXML_MALFORMED', `not an edXML message: ${fault}${where}`, {
    ...(cause === undefined ? {} : { cause }),
    details: offset === undefined ? {} : { offset },
  });
}

export function overLimit(what: string, found: number | string, limit: number): BusError {
  return new BusError('BUS_EDXML_LIMIT', `${what} ${found}, at most ${limit} are allowed`, {
    details: { what, limit },
  });
}

/** @param field - a path such as `MessageHeader.From.OrganId`. */
export function invalidField(field: string, fault: string): BusError {
  return new BusError('BUS_EDXML_FIELD_INVALID', `${field} ${fault}`, { details: { field } });
}

export function quote(text: string): string {
  return JSON.stringify(
    text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text,
  );
}
