import type { View } from '../../stats/report.ts';

/** The share of documents, the deliveries behind it, and what is counted apart from both. */
export const SHARE_VIEWS: readonly View[] = [
  [
    ['who', 32],
    ['E', 9],
    ['EP', 8],
    ['P', 9],
    ['rate_electronic', 13],
    ['target', 11],
    ['change', 10],
    ['rate_any', 13],
    ['rate_signed', 11],
  ],
  [
    ['who', 27],
    ['deliveries', 14],
    ['receipted', 14],
    ['overdue', 13],
    ['refused', 12],
    ['time_to_01', 17],
    ['time_to_03', 17],
  ],
  [
    ['who', 19],
    ['late', 7],
    ['recalled', 11],
    ['withdrawn', 9],
    ['undelivered', 13],
    ['void_numbers', 8],
    ['missing_numbers', 12],
    ['contradictions', 10],
    ['duplicates', 9],
    ['time_to_06', 17],
  ],
];

/** One delivery a line. */
export const DELIVERY_VIEWS: readonly View[] = [
  [
    ['code_number', 14],
    ['issued_on', 13],
    ['sender', 24],
    ['recipient', 24],
    ['abstract', 24],
    ['state', 14],
    ['dispatched_at', 14],
    ['first_receipt_at', 14],
  ],
];

/** The same for paper. */
export const DELIVERY_PAPER_VIEWS: readonly View[] = [
  [
    ['document', 16],
    ['sender', 20],
    ['recipient', 20],
    ['abstract', 20],
    ['state', 12],
    ['dispatched_at', 13],
  ],
];
