/** Query parameters of an address; those that are undefined, false or empty are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** An address on this server. Paths are given escaped; see {@link segment}. */
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === null || value === false || value === '') continue;
    query.set(name, value === true ? '1' : String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** One part of a path: a document's id may hold slashes, dots and question marks. */
export function segment(text: string): string {
  // A browser takes `.` and `..` out of a path even when they are escaped.
  return encodeURIComponent(text).replaceAll('.', '%2E');
}

/** `documentType` becomes `document_type`: the API's spelling, and that of the pages. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The address at which the API answers `request` with the same numbers. */
export function apiAddress(name: string, request: Readonly<Record<string, unknown>>): string {
  return address(`/api/v1/${name}`, parametersOf(request));
}

/** The same rows, all of them, as a file. */
export function csvAddress(name: string, request: Readonly<Record<string, unknown>>): string {
  const { limit, after, ...rest } = parametersOf(request);
  void limit;
  void after;
  return address(`/csv/${name}`, rest);
}

function parametersOf(request: Readonly<Record<string, unknown>>): Parameters {
  const parameters: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(request)) {
    if (typeof value === 'string' || typeof value === 'number') parameters[snakeCase(name)] = value;
    if (typeof value === 'boolean') parameters[snakeCase(name)] = String(value);
  }
  return parameters;
}
