import { AREA, type DrawingContext, lineMetrics, STYLE } from '../layout.ts';
import { breakEvenly, breakLines } from '../line-breaking.ts';
import type { OfficialDocument } from './official-document.ts';
import { WORDS } from './words.ts';
import type { TextStyle } from '../page-writer.ts';
import type { FlowItem } from '../pagination.ts';
import { measureText, type Typefaces } from '../typefaces.ts';

type Item = FlowItem<DrawingContext>;

/** Space between the two columns of the letterhead, in points. */
const GUTTER = 12;
/** The agency's column may reach this far into the left margin, as in the ministries' own templates. */
const OUTDENT = 14;
/** From a baseline down to the rule below it; clear of the dot below a capital letter. */
const RULE_DROP = 6.5;

interface Column {
  readonly centre: number;
  readonly width: number;
}

/** Letterhead, type and abstract (or the letter's addressees): what stands above the body. */
export function layOutHeading(document: OfficialDocument, typefaces: Typefaces): Item[] {
  const items: Item[] = [layOutLetterhead(document, typefaces)];
  if (document.typeName !== undefined) {
    items.push(...layOutTitle(document.typeName, document.abstract, typefaces));
  }
  items.push(...layOutAddressees(document.addressees ?? [], typefaces));
  return items;
}

/** Agency, number and symbol on the left; nation, motto, place and date on the right. */
function layOutLetterhead(document: OfficialDocument, typefaces: Typefaces): Item {
  const words = WORDS[document.language ?? 'vi'];
  const nationWidth = measureText(typefaces.bold, words.nation, STYLE.nation.size);
  const mottoWidth = measureText(typefaces.bold, words.motto, STYLE.motto.size);
  const right: Column = { centre: AREA.right - nationWidth / 2, width: nationWidth };
  const leftWidth = AREA.width - nationWidth - GUTTER + OUTDENT;
  const left: Column = { centre: AREA.left - OUTDENT + leftWidth / 2, width: leftWidth };
  const wrap = (text: string, style: TextStyle): string[] => wrapText(text, style, left, typefaces);

  const parent = wrap((document.parentAgency ?? '').toLocaleUpperCase('vi'), STYLE.parentAgency);
  const agency = document.agencyLines.flatMap((line) =>
    wrap(line.toLocaleUpperCase('vi'), STYLE.agency),
  );
  const subject =
    document.typeName === undefined ? wrap(`V/v ${document.abstract}`, STYLE.letterAbstract) : [];
  const nameHeight = lineMetrics(STYLE.agency).height;
  // Number and date stand on one line, below the longer of the two columns.
  const numberDrop = Math.max((parent.length + agency.length) * nameHeight, 2 * 17) + 12;
  const subjectDrop = numberDrop + lineMetrics(STYLE.number).height;
  const subjectHeight = lineMetrics(STYLE.letterAbstract).height;
  const subjectBottom = subjectDrop + subject.length * subjectHeight;
  const urgencyHeight = document.urgencyMark === undefined ? 0 : 26;

  return {
    before: 0,
    height: subjectBottom + urgencyHeight + 6,
    keepWithNext: true,
    draw({ writer }, top) {
      let y = top - STYLE.agency.size;
      const names = [
        ...parent.map((line) => ({ line, style: STYLE.parentAgency })),
        ...agency.map((line) => ({ line, style: STYLE.agency })),
      ];
      for (const { line, style } of names) {
        writer.centred(line, left.centre, y, style);
        y -= nameHeight;
      }
      const nameWidth = measureText(typefaces.bold, agency.at(-1) ?? '', STYLE.agency.size);
      drawRule(writer, left.centre, nameWidth * 0.4, y + nameHeight - RULE_DROP);

      writer.centred(words.nation, right.centre, top - STYLE.nation.size, STYLE.nation);
      const mottoY = top - STYLE.nation.size - 17;
      writer.centred(words.motto, right.centre, mottoY, STYLE.motto);
      drawRule(writer, right.centre, mottoWidth, mottoY - 5);

      const numberY = top - numberDrop - STYLE.number.size;
      const number = `${words.number}: ${document.codeNumber}/${document.codeNotation}`;
      writer.centred(number, left.centre, numberY, STYLE.number);
      const date = words.placeAndDate(document.place, document.issuedOn);
      writer.centred(date, right.centre, numberY, STYLE.placeAndDate);
      subject.forEach((line, index) => {
        const lineY = top - subjectDrop - index * subjectHeight - STYLE.letterAbstract.size;
        writer.centred(line, left.centre, lineY, STYLE.letterAbstract);
      });
      if (document.urgencyMark !== undefined) {
        const markTop = top - subjectBottom - 6;
        const width = measureText(typefaces.bold, document.urgencyMark, STYLE.urgency.size) + 16;
        writer.box(left.centre - width / 2, markTop - 20, width, 20);
        writer.centred(document.urgencyMark, left.centre, markTop - 14.5, STYLE.urgency);
      }
    },
  };
}

function layOutTitle(typeName: string, abstract: string, typefaces: Typefaces): Item[] {
  const column: Column = { centre: (AREA.left + AREA.right) / 2, width: AREA.width * 0.85 };
  const lines = wrapText(abstract, STYLE.abstract, column, typefaces);
  const { height, baseline } = lineMetrics(STYLE.abstract);
  const lineWidths = lines.map((line) => measureText(typefaces.bold, line, STYLE.abstract.size));
  const ruleWidth = Math.max(0, ...lineWidths) * 0.4;
  return [
    {
      before: 12,
      height: (lines.length + 1) * height + 12,
      keepWithNext: true,
      draw({ writer }, top) {
        const title = typeName.toLocaleUpperCase('vi');
        writer.centred(title, column.centre, top - baseline, STYLE.typeName);
        lines.forEach((line, index) => {
          writer.centred(
            line,
            column.centre,
            top - (index + 1) * height - baseline,
            STYLE.abstract,
          );
        });
        drawRule(writer, column.centre, ruleWidth, top - (lines.length + 1) * height - RULE_DROP);
      },
    },
  ];
}

/** `Kính gửi:` with one addressee on the same line, or several below one another. */
function layOutAddressees(addressees: readonly string[], typefaces: Typefaces): Item[] {
  if (addressees.length === 0) return [];
  const style = STYLE.addressee;
  const lead = 'Kính gửi: ';
  const leadWidth = measureText(typefaces[style.face], lead, style.size);
  const { height, baseline } = lineMetrics(style);
  const isSingle = addressees.length === 1;
  const texts = addressees.map((name, index) => {
    if (isSingle) return `${name}.`;
    return `- ${name}${index === addressees.length - 1 ? '.' : ';'}`;
  });
  const x = AREA.left + 72;
  const lines = texts.flatMap((text) =>
    breakLines(text, {
      typeface: typefaces[style.face],
      size: style.size,
      width: AREA.right - x - leadWidth,
      hangingIndent: isSingle ? 0 : 8,
    }),
  );
  return [
    {
      before: 12,
      height: lines.length * height + 6,
      keepWithNext: true,
      draw({ writer }, top) {
        writer.text('Kính gửi:', x, top - baseline, style);
        lines.forEach((line, index) => {
          writer.text(line, x + leadWidth, top - index * height - baseline, style);
        });
      },
    },
  ];
}

function wrapText(text: string, style: TextStyle, column: Column, typefaces: Typefaces): string[] {
  const typeface = typefaces[style.face];
  const lines = breakEvenly(text, { typeface, size: style.size, width: column.width });
  return lines.map((line) => line.words.join(' '));
}

function drawRule(
  writer: DrawingContext['writer'],
  centre: number,
  width: number,
  y: number,
): void {
  writer.rule(centre - width / 2, centre + width / 2, y);
}
