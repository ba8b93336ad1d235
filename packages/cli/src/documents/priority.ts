import type { Priority } from '@congvan/node-agent';

import { foldVietnamese } from './document-type.ts';

const NAMES: Readonly<Record<string, Priority>> = {
  '0': 0,
  '1': 1,
  '2': 2,
  '3': 3,
  '4': 4,
  normal: 0,
  thuong: 0,
  urgent: 1,
  khan: 1,
  'very-urgent': 2,
  'thuong khan': 2,
  'thuong-khan': 2,
  express: 3,
  'hoa toc': 3,
  'hoa-toc': 3,
  'timed-express': 4,
  'hoa toc hen gio': 4,
  'hoa-toc-hen-gio': 4,
};

/** 0 to 4 from a number or a name, English or Vietnamese; `undefined` for anything else. */
export function findPriority(text: string): Priority | undefined {
  const folded = foldVietnamese(text);
  return Object.hasOwn(NAMES, folded) ? NAMES[folded] : undefined;
}
