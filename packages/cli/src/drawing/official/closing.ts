import { AREA, type DrawingContext, lineMetrics, STYLE } from '../layout.ts';
import { breakEvenly, breakLines } from '../line-breaking.ts';
import type { OfficialDocument } from './official-document.ts';
import { WORDS } from './words.ts';
import type { TextStyle } from '../page-writer.ts';
import type { FlowItem } from '../pagination.ts';
import type { Typefaces } from '../typefaces.ts';

const LEFT_SHARE = 0.47;
/** Room for signature and seal between position and name, in points. */
const SIGNATURE_ROOM = 74;

/** Recipients on the left, signatory on the right: one block that is never torn apart. */
export function layOutClosing(
  document: OfficialDocument,
  typefaces: Typefaces,
): FlowItem<DrawingContext> {
  const leftWidth = AREA.width * LEFT_SHARE;
  const words = WORDS[document.language ?? 'vi'];
  const texts = [
    ...document.recipients.map((recipient) => `- ${recipient};`),
    `- ${words.archive}: ${document.archive}.`,
  ];
  const recipientLines = texts.flatMap((text) =>
    breakLines(text, {
      typeface: typefaces.regular,
      size: STYLE.recipients.size,
      width: leftWidth,
      hangingIndent: 6,
    }),
  );
  const titleHeight = lineMetrics(STYLE.recipientsTitle).height;
  const recipientHeight = lineMetrics(STYLE.recipients).height;
  const signatoryHeight = lineMetrics(STYLE.signatory).height;
  const { remarks = [] } = document.signatory;
  const rightWidth = AREA.width - leftWidth;
  const wrap = (text: string, { size }: TextStyle): string[] =>
    breakEvenly(text, { typeface: typefaces.bold, size, width: rightWidth }).map(
      ({ words: line }) => line.join(' '),
    );
  const titleLines = document.signatory.titleLines.flatMap((line) => wrap(line, STYLE.signatory));
  const nameLines = wrap(document.signatory.fullName, STYLE.signatoryName);
  const nameHeight = lineMetrics(STYLE.signatoryName).height;
  const remarkHeight = lineMetrics(STYLE.recipients).height;
  const nameDrop = titleLines.length * signatoryHeight + SIGNATURE_ROOM;
  const rightCentre = AREA.left + leftWidth + rightWidth / 2;

  return {
    before: 14,
    height: Math.max(
      titleHeight + recipientLines.length * recipientHeight,
      nameDrop + nameLines.length * nameHeight,
    ),
    keepWithNext: false,
    draw({ writer }, top) {
      const titleY = top - STYLE.recipientsTitle.size;
      writer.text(words.recipients, AREA.left, titleY, STYLE.recipientsTitle);
      recipientLines.forEach((line, index) => {
        const y = top - titleHeight - index * recipientHeight - STYLE.recipients.size;
        writer.text(line, AREA.left, y, STYLE.recipients);
      });
      titleLines.forEach((line, index) => {
        const y = top - index * signatoryHeight - STYLE.signatory.size;
        writer.centred(line, rightCentre, y, STYLE.signatory);
      });
      const remarksDrop = nameDrop - (SIGNATURE_ROOM + remarks.length * remarkHeight) / 2;
      remarks.forEach((line, index) => {
        const y = top - remarksDrop - index * remarkHeight - STYLE.recipients.size;
        writer.centred(line, rightCentre, y, { ...STYLE.recipients, face: 'italic' });
      });
      nameLines.forEach((line, index) => {
        const y = top - nameDrop - index * nameHeight - STYLE.signatoryName.size;
        writer.centred(line, rightCentre, y, STYLE.signatoryName);
      });
    },
  };
}
