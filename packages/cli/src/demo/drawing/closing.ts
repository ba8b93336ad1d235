import { AREA, type DrawingContext, lineMetrics, STYLE } from '../../drawing/layout.ts';
import { breakLines } from '../../drawing/line-breaking.ts';
import type { OfficialDocument } from './official-document.ts';
import type { FlowItem } from '../../drawing/pagination.ts';
import type { Typefaces } from '../../drawing/typefaces.ts';

const LEFT_SHARE = 0.47;
/** Room for signature and seal between position and name, in points. */
const SIGNATURE_ROOM = 74;

/** Recipients on the left, signatory on the right: one block that is never torn apart. */
export function layOutClosing(
  document: OfficialDocument,
  typefaces: Typefaces,
): FlowItem<DrawingContext> {
  const leftWidth = AREA.width * LEFT_SHARE;
  const texts = [
    ...document.recipients.map((recipient) => `- ${recipient};`),
    `- Lưu: ${document.archive}.`,
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
  const { titleLines, fullName } = document.signatory;
  const nameDrop = titleLines.length * signatoryHeight + SIGNATURE_ROOM;
  const rightCentre = AREA.left + leftWidth + (AREA.width - leftWidth) / 2;

  return {
    before: 14,
    height: Math.max(
      titleHeight + recipientLines.length * recipientHeight,
      nameDrop + lineMetrics(STYLE.signatoryName).height,
    ),
    keepWithNext: false,
    draw({ writer }, top) {
      writer.text('Nơi nhận:', AREA.left, top - STYLE.recipientsTitle.size, STYLE.recipientsTitle);
      recipientLines.forEach((line, index) => {
        const y = top - titleHeight - index * recipientHeight - STYLE.recipients.size;
        writer.text(line, AREA.left, y, STYLE.recipients);
      });
      titleLines.forEach((line, index) => {
        const y = top - index * signatoryHeight - STYLE.signatory.size;
        writer.centred(line, rightCentre, y, STYLE.signatory);
      });
      const nameY = top - nameDrop - STYLE.signatoryName.size;
      writer.centred(fullName, rightCentre, nameY, STYLE.signatoryName);
    },
  };
}
