import type { Language } from '../index.ts';
import { demoEn, type DemoTexts } from './en.ts';
import { demoVi } from './vi.ts';

export function demoTextsOf(language: Language): DemoTexts {
  return language === 'vi' ? demoVi : demoEn;
}
