import type { Language } from '../http/session.ts';
import { en } from './texts/en.ts';
import { type Texts, vi } from './texts/vi.ts';

export type { Texts } from './texts/vi.ts';

export function textsOf(language: Language): Texts {
  return language === 'vi' ? vi : en;
}
