import { PdfDict, PdfStream, type PdfValue, isPdfArray, nameText } from '../pdf/values.ts';

export {
  type Survey as ReferenceSurvey,
  surveyDocument as surveyReferences,
} from '../pdf/survey.ts';

/** Names an object for a report: `page`, `stream`, `annotation Link`, … */
export function describeValue(value: PdfValue): string {
  const dict = value instanceof PdfStream ? value.dict : value;
  if (dict instanceof PdfDict) {
    const type = nameText(dict.get('Type')) ?? nameText(dict.get('FT'));
    const subtype = nameText(dict.get('Subtype'));
    const words = [type, subtype].filter((word) => word !== undefined).join(' ');
    if (words !== '') return words;
    return value instanceof PdfStream ? 'stream' : 'dictionary';
  }
  return isPdfArray(value) ? 'array' : 'value';
}
