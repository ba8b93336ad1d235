import type { AuditFindingKind } from '@congvan/bus/relay';

/** What `congvan audit` prints, English. */
export const auditEn = {
  published: (month: string, revision: number) =>
    revision === 1 ? `${month} is published` : `${month} is corrected, revision ${revision}`,
  nothingChanged: (month: string) => `nothing of ${month} has changed since its last publication`,
  noPublications: 'nothing is published yet; the relay closes a month some days after its end',
  fetchPublication: (month: string) =>
    `one of them, signed: GET /api/v1/publications/${month}/file of the relay's web address, with a token of \`congvan relay user token\`; its head and rows: the same without /file, and with /sections/figures. With the records behind it: \`congvan audit export ${month} --output FILE\``,
  sequence: 'no.',
  revision: 'revision',
  publishedAt: 'published',
  asOf: 'as of record',
  changes: 'changes',
  digest: 'SHA-256 of the head',
  exporting: 'exporting',
  exportStopped: 'stopped; no file was written',
  wrote: 'wrote',
  bytes: 'bytes',
  records: 'records',
  directoryEntries: 'directory entries',
  publications: 'publications',
  months: 'months',
  reading: 'checking',
  recomputeStopped: 'stopped before everything was checked',
  noRegistrar: 'the fingerprint of the registrar is not known here',
  noRegistrarHint:
    'give --registrar SHA256, or a trust folder with registrar.crt; never take it from the audit file itself',
  equal: 'every published figure comes out of the records again, and nothing else is wrong',
  differs: (findings: number) => `the file is not what was published: ${findings} findings`,
  figuresEqual: (figures: number) => `${figures} figures, all equal`,
  figuresDiffer: (figures: number, differing: number) =>
    `${figures} figures, ${differing} of them different`,
  told: (count: number) =>
    `${count} contradictions of agencies, each of them published by the relay itself`,
  report: (number: number) => `report ${number}`,
  record: (number: number) => `record ${number}`,
  line: (number: number) => `line ${number}`,
  more: (count: number) => `and ${count} more`,
  kinds: {
    PART_MISSING: 'a part is missing',
    PART_DAMAGED: 'a part is damaged',
    PART_ALTERED: 'a part was altered',
    PART_UNLISTED: 'a part nobody signed',
    MANIFEST_UNSIGNED: 'the list of parts is not signed by the relay',
    PUBLICATION_UNSIGNED: 'the publication is not signed by the relay',
    PUBLICATION_CHAIN_BROKEN: 'the series of publications is broken',
    PUBLICATION_MISDATED: 'a publication counts up to a wrong day',
    PUBLICATION_ALTERED: 'the publication was altered',
    REGISTRAR_UNKNOWN: 'another registrar',
    DIRECTORY_ENTRY_REFUSED: 'a directory entry cannot be believed',
    DIRECTORY_ENTRY_MISSING: 'a directory entry is missing',
    RECORD_ALTERED: 'the record was altered',
    RECORD_REFUSED: 'the record may not be counted',
    RECORD_MISSING: 'the record is missing',
    RECORD_DOUBLED: 'the record is doubled',
    RECORD_BACKDATED: 'the record is dated back',
    RECORD_UNEXPLAINED: 'the record is not explained',
    ARRIVAL_ALTERED: 'the time or place of arrival was altered',
    ORDER_CHANGED: 'the order of arrival was changed',
    CHAIN_DIFFERS: 'the chain is not as published',
    CONTRADICTION_DIFFERS: 'contradictions are not as published',
    FIGURE_DIFFERS: 'the figure differs',
    DEFINITIONS_DIFFER: 'figures are defined otherwise than here',
    CHANGE_DIFFERS: 'the correction says something else',
  } satisfies Record<AuditFindingKind, string>,
};

export type AuditTexts = typeof auditEn;

/** Their texts of `--help`. */
export const auditHelpEn = {
  commandTexts: {
    audit: 'publish the figures of closed months, export what they come from, compute them again',
    auditPublish: 'publish a month that is over now, or correct it; the relay does so by itself',
    auditPublications: 'list what was published, with corrections',
    auditExport: 'write everything that published figures come from into one file',
    auditRecompute: 'compute published figures again from the records of such a file, offline',
  },
  argumentTexts: {
    month: 'month such as 2026-10',
    months: 'month or months such as 2026-10 or 2026-10..2026-12',
    auditFile: 'file of `congvan audit export`',
  },
  optionTexts: {
    auditOutput: 'file to write (default: congvan-audit-PERIOD.zip); an existing one is left alone',
    auditTrust: 'folder with your own anchors/, and registrar.crt if you have it',
    auditRegistrar: "SHA-256 fingerprint of the registrar's certificate, known from elsewhere",
  },
};
