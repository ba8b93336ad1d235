import type { Argument, Command, Option } from 'commander';

import { EXIT, EXIT_NAMES } from './exit-codes.ts';
import { type AnyErrorCode, FAILURES } from './failure.ts';
import type { Messages } from './messages/index.ts';

const INTRODUCTION = `# The command \`congvan\`

Made from the command itself; a test compares them. To write it anew:
\`UPDATE_REFERENCE=1 pnpm vitest run packages/cli/test/reference.test.ts\`.

Results go to stdout; errors, hints and notes go to stderr as \`error: …\`, \`hint: …\`, \`note: …\`. With \`--json\` a
result is one JSON object on stdout, and an error is \`{"error":{"code","message","hint","details"}}\` on stderr.
Times in JSON are RFC 3339 in UTC; times for people are those of Vietnam (+07:00), \`dd/MM/yyyy HH:mm\`.

## Where things lie

The home is the folder of \`--home\`, else of \`CONGVAN_HOME\`, else \`~/congvan\`. A clerk's machine has \`agents/\` only.

| folder | holds |
| --- | --- |
| \`ca/\` | the certificate authority |
| \`bus/\` | the local nats-server: keys of the operator, streams, log |
| \`site/\` | the site service: signed directory entries, the registrar's key |
| \`relay/\` | the central relay |
| \`agents/<code>/\` | one agency's agent; dots of the code are written as dashes |
| \`enrolment/<code>/\` | bundles that \`agency add\` writes and \`agent init\` reads |

## Passphrases

A passphrase is never an argument. In this order it comes from the file of \`--passphrase-file\`, from the file that
\`CONGVAN_PASSPHRASE_FILE\` names, from \`CONGVAN_PASSPHRASE\`, and from a prompt at the terminal. The kinds below have
options and variables of their own and fall back to these.

| kind | option | variables |
| --- | --- | --- |
| node key, and everything else | \`--passphrase-file\` | \`CONGVAN_PASSPHRASE_FILE\`, \`CONGVAN_PASSPHRASE\` |
| seal key | \`--seal-passphrase-file\` | \`CONGVAN_SEAL_PASSPHRASE_FILE\`, \`CONGVAN_SEAL_PASSPHRASE\` |
| encryption key | | \`CONGVAN_ENCRYPTION_PASSPHRASE_FILE\`, \`CONGVAN_ENCRYPTION_PASSPHRASE\` |
| certificate authority and registrar | \`--ca-passphrase-file\` | \`CONGVAN_CA_PASSPHRASE_FILE\`, \`CONGVAN_CA_PASSPHRASE\` |
| PIN of a token or a remote key to sign with; no other stands in for it | \`--pin-file\` | \`CONGVAN_PIN_FILE\`, \`CONGVAN_PIN\` |
| PIN of the authority's token; no other stands in for it | | \`CONGVAN_CA_PIN_FILE\`, \`CONGVAN_CA_PIN\` |
| keys that are made now | \`--keys-passphrase-file\` | \`CONGVAN_KEYS_PASSPHRASE_FILE\`, \`CONGVAN_KEYS_PASSPHRASE\` |

## Environment

| variable | meaning |
| --- | --- |
| \`CONGVAN_HOME\` | the home, where \`--home\` is not given |
| \`CONGVAN_AGENCY\` | the agency, where \`--agency\` is not given |
| \`CONGVAN_LANG\` | \`vi\` or \`en\`, where \`--lang\` is not given; then \`LC_ALL\`, \`LC_MESSAGES\`, \`LANG\` |
| \`CONGVAN_ACTOR\` | who acts, where \`--actor\` is not given |
| \`CONGVAN_TSA\` | addresses of time-stamp services, separated by commas, where \`--tsa\` is not given |
| \`CONGVAN_DEBUG\` | \`1\`: an internal error shows where it arose |
| \`NATS_SERVER\` | the nats-server program to start |
`;

/** The whole of `docs/reference/cli.md`, from the English command tree. */
export function renderReference(program: Command, messages: Messages): string {
  const parts = [
    INTRODUCTION,
    `## Exit status\n\n${exitTable(messages)}`,
    `## Options of every command\n\n${optionList(program)}`,
    ...program.commands.filter((command) => command.name() !== 'help').flatMap(describe),
    `## Errors\n\n${errorTable(messages)}`,
  ];
  return `${parts.map((part) => part.trimEnd()).join('\n\n')}\n`;
}

function describe(command: Command): string[] {
  const subcommands = command.commands.filter((one) => one.name() !== 'help');
  const title = `## ${pathOf(command)}\n\n${sentence(command.description())}`;
  return subcommands.length > 0
    ? [title, ...subcommands.map((one) => describeOne(one, '###'))]
    : [describeOne(command, '##')];
}

function describeOne(command: Command, level: string): string {
  const path = pathOf(command);
  const usage = ['congvan', path, command.usage()].join(' ');
  const parts = [`${level} ${path}`, sentence(command.description()), `\`\`\`\n${usage}\n\`\`\``];
  const lines = [
    ...command.registeredArguments.map(argumentLine),
    ...command.options.map(optionLine),
  ];
  if (lines.length > 0) parts.push(lines.join('\n'));
  return parts.join('\n\n');
}

function optionList(command: Command): string {
  return command.options.map(optionLine).join('\n');
}

function argumentLine(argument: Argument): string {
  return `- \`<${argument.name()}>\`: ${argument.description}`;
}

function optionLine(option: Option): string {
  const extras = [
    ...(option.mandatory ? ['required'] : []),
    ...(option.argChoices === undefined ? [] : [`one of ${option.argChoices.join(', ')}`]),
    ...(option.defaultValue === undefined ? [] : [`default: ${String(option.defaultValue)}`]),
  ];
  const behind = extras.length === 0 ? '' : ` (${extras.join('; ')})`;
  return `- \`${option.flags}\`: ${option.description}${behind}`;
}

function pathOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null
    ? command.name()
    : `${pathOf(parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function exitTable(messages: Messages): string {
  const rows = EXIT_NAMES.map((name) => `| ${EXIT[name]} | ${messages.help.exits[name]} |`);
  return ['| code | meaning |', '| --- | --- |', ...rows].join('\n');
}

function errorTable(messages: Messages): string {
  const codes = Object.keys(FAILURES).filter((code): code is AnyErrorCode => code in FAILURES);
  const rows = codes.toSorted().map((code) => {
    const { exit, hint } = FAILURES[code];
    return `| \`${code}\` | ${EXIT[exit]} | ${messages.failures[hint].hint} |`;
  });
  return ['| error | exit status | what to do |', '| --- | --- | --- |', ...rows].join('\n');
}
