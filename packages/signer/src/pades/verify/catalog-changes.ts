import { PdfDict, type PdfValue, isPdfArray, numberOf, valuesEqual } from '../../pdf/values.ts';
import type { Comparison } from './comparison.ts';
import { compareForms } from './form-changes.ts';
import { changedKeys, growsOnly, sameThroughReferences } from './same-value.ts';

const EXPECTED_IN_CATALOG = new Set(['AcroForm', 'DSS', 'Extensions']);
const HARMLESS_IN_CATALOG = new Set(['Version', 'Metadata', 'PieceInfo']);
/** What screen readers follow: nothing that is drawn. */
const STRUCTURE_IN_CATALOG = new Set(['StructTreeRoot', 'MarkInfo']);

/** Compares the catalogs, the document information, the form and the security store. */
export function compareCatalogs(c: Comparison): void {
  const before = c.signed.catalog();
  const after = c.final.catalog();
  checkCatalogUse(c, numberOf(c.signed.trailer.get('Root')) ?? -1);
  if (after.hasDuplicateKeys) c.add('violation', 'the catalog repeats a key');
  for (const key of changedKeys(before, after)) compareCatalogKey(c, key, before, after);
  const metadata = numberOf(before.get('Metadata'));
  if (metadata !== undefined && c.unexplained.has(metadata)) {
    c.explain(metadata, 1);
    c.add('warning', 'catalog /Metadata was changed');
  }
  const info = c.signed.trailer.get('Info');
  const infoNumber = numberOf(info) ?? -1;
  if (c.unexplained.has(infoNumber) || !valuesEqual(info, c.final.trailer.get('Info'))) {
    c.explain(infoNumber, 0);
    c.add('warning', 'document information (/Info) was changed');
  }
  compareForms(c, before.get('AcroForm'), after.get('AcroForm'));
  compareValidationData(c, before.get('DSS'), after.get('DSS'));
}

/** Only as a catalog may the catalog change: pages may use it as their resources, too. */
function checkCatalogUse(c: Comparison, number: number): void {
  if (!c.unexplained.delete(number) || !c.survey.counts.has(number)) return;
  if (c.roleOf(number) !== 'content') return;
  c.add('violation', 'the catalog was changed, and something else than the file uses it');
}

function compareCatalogKey(c: Comparison, key: string, before: PdfDict, after: PdfDict): void {
  if (EXPECTED_IN_CATALOG.has(key)) return;
  const text = `catalog /${key} was changed`;
  if (HARMLESS_IN_CATALOG.has(key)) c.add('warning', text);
  else if (STRUCTURE_IN_CATALOG.has(key)) c.add('undecided', text);
  else if (key === 'Names' && (after.get(key) ?? null) === null) {
    // iText loses what stands in the hidden section of a hybrid file: no page looks different for it.
    c.add('undecided', 'named destinations and files were lost (catalog /Names)');
  } else if (key === 'OutputIntents' && growsOnly(before.get(key), after.get(key))) {
    // EU DSS adds a colour profile with a visible signature; printed colours may follow it.
    c.add('undecided', 'a colour profile was added (catalog /OutputIntents)');
  } else if (key === 'Perms' && growsOnly(before.get(key), after.get(key))) {
    c.add('undecided', 'usage rights or a certification were added (/Perms)');
  } else {
    const isSame = sameThroughReferences(
      { document: c.signed, value: before.get(key) },
      { document: c.final, value: after.get(key) },
    );
    if (!isSame) c.add('violation', text);
  }
}

/** The security store (ISO 32000-2 §12.8.4.3): its dictionaries and arrays may grow, not its streams. */
function compareValidationData(
  c: Comparison,
  before: PdfValue | undefined,
  after: PdfValue | undefined,
): void {
  const store = c.signed.dict(before);
  if (c.final.dict(after) === undefined) {
    if (store !== undefined) c.add('undecided', 'validation data were removed (DSS)');
    return;
  }
  const parts: (PdfValue | undefined)[] = [before];
  for (const key of ['Certs', 'CRLs', 'OCSPs', 'VRI']) parts.push(store?.get(key));
  for (const entry of c.signed.dict(store?.get('VRI'))?.entries.values() ?? []) {
    parts.push(entry);
    for (const key of ['Cert', 'CRL', 'OCSP']) parts.push(c.signed.dict(entry)?.get(key));
  }
  const openBefore = c.unexplained.size;
  for (const part of parts) {
    const value = c.signed.resolve(part);
    if (value instanceof PdfDict || isPdfArray(value)) c.explain(numberOf(part), 1);
  }
  if (!valuesEqual(before, after) || c.unexplained.size < openBefore) {
    c.add('expected', 'validation data (DSS) were added');
  }
}
