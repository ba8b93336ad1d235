/**
 * What the process ends with. Scripts rely on these numbers: they change only with the major version,
 * and `docs/reference/cli.md` lists them.
 */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  verificationFailed: 3,
  verificationIndeterminate: 4,
  notFound: 5,
  refused: 6,
  notRunning: 7,
  keys: 8,
  badInput: 9,
  unwell: 10,
} as const;

export type ExitName = keyof typeof EXIT;

/** Names in the order of their numbers, for help and documentation. */
export const EXIT_NAMES: readonly ExitName[] = [
  'ok',
  'internal',
  'usage',
  'verificationFailed',
  'verificationIndeterminate',
  'notFound',
  'refused',
  'notRunning',
  'keys',
  'badInput',
  'unwell',
];

/** The exit code of an ETSI EN 319 102-1 indication. */
export function exitOfIndication(
  indication: 'TOTAL-PASSED' | 'INDETERMINATE' | 'TOTAL-FAILED',
): number {
  if (indication === 'TOTAL-PASSED') return EXIT.ok;
  return indication === 'TOTAL-FAILED' ? EXIT.verificationFailed : EXIT.verificationIndeterminate;
}
