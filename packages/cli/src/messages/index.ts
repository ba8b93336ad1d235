import { type Messages, en } from './en.ts';
import { vi } from './vi.ts';

export type { HintName } from './failures/en.ts';
export type { HelpTexts } from './help/en.ts';
export type { Messages } from './en.ts';

export type Language = 'vi' | 'en';
export const LANGUAGES: readonly Language[] = ['vi', 'en'];

function isLanguage(text: string): text is Language {
  return text === 'vi' || text === 'en';
}

export function messagesOf(language: Language): Messages {
  return language === 'vi' ? vi : en;
}

/**
 * The language of the texts: `--lang`, then `CONGVAN_LANG`, then the locale of the system, else English.
 * It is read before commander runs, since the help itself is translated.
 */
export function chooseLanguage(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Language {
  const asked = languageOption(argv) ?? env['CONGVAN_LANG'];
  if (asked !== undefined && isLanguage(asked.toLowerCase())) {
    return asked.toLowerCase() === 'vi' ? 'vi' : 'en';
  }
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  return /^vi(?:[_.@-]|$)/iu.test(locale ?? '') ? 'vi' : 'en';
}

function languageOption(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  const joined = options.findLast((argument) => argument.startsWith('--lang='));
  if (joined !== undefined) return joined.slice('--lang='.length);
  const index = options.lastIndexOf('--lang');
  return index === -1 ? undefined : options[index + 1];
}
