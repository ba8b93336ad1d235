import type { CommandLineEnd } from './command.ts';
import { EXIT } from './exit-codes.ts';
import type { Failure } from './failure.ts';
import type { Messages } from './messages/index.ts';

const COMMANDER_CHOICES = 'Allowed choices are';
const VALUE_PARSER_SAYS = "' is invalid. ";

/** A wrong command line in the user's language, with the command whose help says what is right. */
export function describeUsageError(end: CommandLineEnd, messages: Messages): Failure {
  const english = end.reason.message
    .replace(/^error: /u, '')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  return {
    exitCode: EXIT.usage,
    code: 'CLI_USAGE',
    message: translate(end.reason.code, english, messages),
    hint: messages.text.seeHelp(`${end.commandPath} --help`),
    details: { reason: end.reason.code.replace(/^commander\./u, '') },
  };
}

function translate(code: string, english: string, messages: Messages): string {
  const named = /'([^']*)'/u.exec(english)?.[1] ?? '';
  const sentence = messages.usageError(code, named);
  if (sentence === undefined) return english.replace(VALUE_PARSER_SAYS, "' is invalid: ");
  // What a value parser says stands behind commander's own sentence, in the user's language already.
  const end = english.lastIndexOf(VALUE_PARSER_SAYS);
  if (end !== -1) {
    const detail = english.slice(end + VALUE_PARSER_SAYS.length);
    return `${sentence}: ${detail.replace(COMMANDER_CHOICES, messages.text.allowedChoices)}`;
  }
  const suggestion = /\(Did you mean (?:one of )?(.*)\?\)$/u.exec(english)?.[1];
  return suggestion === undefined
    ? sentence
    : `${sentence} (${messages.text.didYouMean(suggestion)})`;
}
