import type { GlossarySection } from './glossary-vi.ts';

/** As `glossary-vi.ts`. */
export const glossaryEn: readonly GlossarySection[] = [
  {
    title: 'What is counted',
    terms: [
      [
        'Document',
        'One number of the outgoing register, once, however many recipients it has. It belongs to the period of its day of issue, in Vietnam time.',
      ],
      [
        'Delivery',
        'One electronic document to one recipient. A circular to ninety communes is one document and ninety deliveries.',
      ],
      ['Secret documents', 'Never pass through this exchange and are in no figure.'],
    ],
  },
  {
    title: 'Three forms',
    terms: [
      ['Electronic only (E)', 'Every recipient gets it electronically, without paper.'],
      ['Electronic and paper (E+P)', 'Some recipient gets paper as well, or paper only.'],
      ['Paper only (P)', 'No recipient gets it electronically.'],
    ],
  },
  {
    title: 'Rates',
    terms: [
      [
        'Share sent electronically',
        'E ÷ (E + E+P + P). Without documents there is no rate; it is not 0%.',
      ],
      ['With an electronic copy', '(E + E+P) ÷ (E + E+P + P).'],
      ['Digitally signed', 'Signed documents of E and E+P ÷ (E + E+P).'],
      [
        'Rounding',
        'Rates on these pages are cut, never rounded up: 89.96% shows as 89.9% and cannot look as if it reached 90%.',
      ],
      [
        'Target',
        'Set by the operator for each tier and year. Several tiers together have no common target.',
      ],
      ['Change', 'Against the period of the same kind before, in percentage points.'],
    ],
  },
  {
    title: 'What is lacking',
    terms: [
      [
        'Number without a trace',
        'A number inside the series of a register that no record names: no electronic document, no paper one, no void number.',
      ],
      ['Lower bound', 'While numbers or reports have not come, counts can only grow.'],
      [
        'Reported nothing',
        'An open agency without any report in the period. It is not counted as zero but listed.',
      ],
      ['Void number', 'A number that was given up, with its reason. It is in no rate.'],
      [
        'Reached nobody',
        'No recipient answered for 30 days, or the sender gave up every one. It is in no rate.',
      ],
    ],
  },
  {
    title: 'Receipts',
    terms: [
      ['Arrived (01)', 'The recipient’s system has stored the document. Automatic.'],
      ['Refused (02)', 'The recipient sends it back with a reason. It still counts as sent.'],
      ['Accepted (03) to done (06)', 'Entered, assigned, in process, done.'],
      [
        'Overdue',
        'The day of dispatch is over without any receipt (Decree 30/2020/NĐ-CP, Art. 21.2c).',
      ],
      [
        'Median and 95%',
        'Half of the deliveries, and 95% of them, got the receipt within this time. At most 1/64 too long, never too short.',
      ],
    ],
  },
  {
    title: 'Structure',
    terms: [
      ['On the day of issue', 'Tier and parent as they were when the document was issued.'],
      ['Of today', 'After a merger the successor has what its predecessors sent.'],
    ],
  },
];
