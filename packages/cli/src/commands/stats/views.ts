import type { View } from '../../stats/report.ts';

/** The share of documents, and the deliveries behind it. */
export const SHARE_VIEWS: readonly View[] = [
  [
    ['who', 34],
    ['E', 8],
    ['EP', 8],
    ['P', 8],
    ['rate_electronic', 13],
    ['target', 11],
    ['change', 10],
    ['rate_any', 12],
    ['rate_signed', 11],
  ],
  [
    ['who', 34],
    ['deliveries', 10],
    ['receipted', 10],
    ['overdue', 9],
    ['refused', 9],
    ['time_to_01', 19],
    ['time_to_03', 19],
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
