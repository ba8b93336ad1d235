import {
  Argument,
  Command,
  type CommanderError,
  type Help,
  InvalidArgumentError,
  Option,
} from 'commander';

import type { Cli } from './context.ts';
import { EXIT, EXIT_NAMES } from './exit-codes.ts';
import { type HelpTexts, LANGUAGES } from './messages/index.ts';
import { safeText } from './terminal/safe-text.ts';

/** Options that every command takes; they stand on the program itself. */
export interface GlobalOptions {
  readonly home?: string;
  readonly json?: true;
  readonly agency?: string;
}

/** X.520 gives names of certificates less; what the certificate authority takes is the bound here. */
export const MAX_NAME_LENGTH = 200;

export type CommandTextName = keyof HelpTexts['commandTexts'];
export type OptionTextName = keyof HelpTexts['optionTexts'];
export type ArgumentTextName = keyof HelpTexts['argumentTexts'];

/** Commander has ended a command line: help was shown, or the line is wrong. */
export class CommandLineEnd extends Error {
  override readonly name = 'CommandLineEnd';
  readonly reason: CommanderError;
  /** The command whose help says what is right, such as `congvan agent run`. */
  readonly commandPath: string;

  constructor(reason: CommanderError, commandPath: string) {
    super(reason.message, { cause: reason });
    this.reason = reason;
    this.commandPath = commandPath;
  }
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** A command with the project's help layout; it throws where commander would end the process. */
export function newCommand(cli: Cli, name: string, text?: CommandTextName): Command {
  const { help } = cli.messages;
  const command: Command = new Command(name);
  command
    .helpOption('-h, --help', help.helpOption)
    .helpCommand(false)
    .exitOverride((reason) => {
      throw new CommandLineEnd(reason, pathOf(command));
    })
    .configureOutput({
      writeOut: (output) => cli.io.out(output),
      writeErr: (output) => cli.io.err(output),
      outputError: () => undefined,
      getOutHelpWidth: () => cli.io.columns,
      getErrHelpWidth: () => cli.io.columns,
    })
    .configureHelp(helpLayout(cli))
    .showSuggestionAfterError();
  return text === undefined ? command : command.description(help.commandTexts[text]);
}

/** The program itself, with the options that every command takes and no command yet. */
export function newProgram(cli: Cli, version: string): Command {
  const { help } = cli.messages;
  return newCommand(cli, 'congvan')
    .description(help.program)
    .version(version, '-V, --version', help.versionOption)
    .helpCommand('help [command]', help.helpCommand)
    .addOption(newOption(cli, '--home <folder>', 'home'))
    .addOption(newOption(cli, '--json', 'json'))
    .addOption(newOption(cli, '--lang <language>', 'lang').choices(LANGUAGES))
    .addOption(newOption(cli, '--agency <code>', 'agency'))
    .addHelpText('after', () => exitStatusHelp(cli));
}

/** A command that only holds others: alone it shows its help and counts as a usage error. */
export function newGroup(
  cli: Cli,
  name: string,
  text: CommandTextName,
  commands: readonly Command[],
): Command {
  const group = newCommand(cli, name, text);
  for (const command of commands) group.addCommand(command);
  return group;
}

export function newOption(cli: Cli, flags: string, text: OptionTextName): Option {
  return new Option(flags, cli.messages.help.optionTexts[text]);
}

export function newArgument(cli: Cli, name: string, text: ArgumentTextName): Argument {
  return new Argument(name, cli.messages.help.argumentTexts[text]);
}

/** The two options through which a passphrase comes; never as an argument value. */
export function passphraseOption(cli: Cli): Option {
  return newOption(cli, '--passphrase-file <file>', 'passphraseFile');
}

/** Gathers an option given several times. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Gathers a list written with commas, given once or several times; empty parts are dropped. */
export function collectList(value: string, previous: readonly string[] | undefined): string[] {
  const parts = value.split(',').map((part) => part.trim());
  return [...(previous ?? []), ...parts.filter((part) => part !== '')];
}

/** A whole number of an option, within bounds. */
export function parseCount(cli: Cli, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/u.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(cli.messages.text.wantedNumber(least, most));
  };
}

/** A name that goes into certificates and the directory: one line, without control characters. */
export function parseLine(cli: Cli, most: number): (text: string) => string {
  return (text) => {
    const line = text.trim().normalize('NFC');
    if (line !== '' && line.length <= most && safeText(line) === line) return line;
    throw new InvalidArgumentError(cli.messages.text.wantedLine(most));
  };
}

/** Gathers addresses of brokers. */
export function collectServers(
  cli: Cli,
): (text: string, previous: readonly string[] | undefined) => string[] {
  return (text, previous) => {
    const url = URL.parse(text);
    const known = url !== null && ['nats:', 'tls:', 'ws:', 'wss:'].includes(url.protocol);
    if (known && url.hostname !== '') return collect(text, previous);
    throw new InvalidArgumentError(cli.messages.text.wantedServer);
  };
}

/** The exit codes below the help of the program. */
function exitStatusHelp(cli: Cli): string {
  const { exits, exitTitle } = cli.messages.help;
  return `\n${exitTitle}\n${EXIT_NAMES.map((name) => `  ${EXIT[name]}  ${exits[name]}`).join('\n')}`;
}

function helpLayout(cli: Cli): Partial<Help> {
  const { help } = cli.messages;
  const titles = new Map([
    ['Usage:', help.usage],
    ['Arguments:', help.arguments],
    ['Options:', help.options],
    ['Global Options:', help.globalOptions],
    ['Commands:', help.commands],
  ]);
  return {
    showGlobalOptions: true,
    styleTitle: (title) => titles.get(title) ?? title,
    optionDescription: (option) => describeWith(option.description, optionExtras(option, help)),
  };
}

function optionExtras(option: Option, help: HelpTexts): string[] {
  const extras: string[] = [];
  if (option.argChoices !== undefined)
    extras.push(`${help.choices}: ${option.argChoices.join(', ')}`);
  if (option.defaultValue !== undefined && typeof option.defaultValue !== 'boolean') {
    const shown = option.defaultValueDescription ?? String(option.defaultValue);
    extras.push(`${help.defaultValue}: ${shown}`);
  }
  if (option.envVar !== undefined) extras.push(`${help.environment}: ${option.envVar}`);
  return extras;
}

function describeWith(description: string, extras: readonly string[]): string {
  return extras.length === 0 ? description : `${description} (${extras.join('; ')})`;
}
