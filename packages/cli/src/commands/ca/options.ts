import type { ServerNames, SubjectName } from '@congvan/signer';
import { type Command, InvalidArgumentError } from 'commander';

import { MAX_NAME_LENGTH, collect, newOption, parseLine, passphraseOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { parseDayOption } from '../../documents/request-options.ts';
import type { CaTokenSettings } from '../../enrolment/ca-token.ts';

/** Options of every command that opens the authority. */
export function addCaPassphrases(cli: Cli, command: Command): Command {
  return command
    .addOption(passphraseOption(cli))
    .addOption(newOption(cli, '--ca-passphrase-file <file>', 'caPassphraseFile'));
}

/** Parts of a subject's name beside the common name. */
export interface NameOptions {
  readonly organization?: string;
  readonly unit?: string;
  readonly locality?: string;
}

export function addNameOptions(cli: Cli, command: Command): Command {
  const line = parseLine(cli, MAX_NAME_LENGTH);
  return command
    .addOption(newOption(cli, '--organization <name>', 'organization').argParser(line))
    .addOption(newOption(cli, '--unit <name>', 'organizationalUnit').argParser(line))
    .addOption(newOption(cli, '--locality <name>', 'locality').argParser(line));
}

/** A subject in Vietnam with this common name. */
export function subjectOf(commonName: string, options: NameOptions): SubjectName {
  const { organization, unit, locality } = options;
  return {
    commonName,
    country: 'VN',
    ...(organization === undefined ? {} : { organization }),
    ...(unit === undefined ? {} : { organizationalUnit: unit }),
    ...(locality === undefined ? {} : { locality }),
  };
}

/** Names of a TLS server. */
export interface ServerOptions {
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
}

export function addServerOptions(cli: Cli, command: Command): Command {
  return command
    .addOption(newOption(cli, '--dns <name>', 'dns').argParser(collect))
    .addOption(newOption(cli, '--ip <address>', 'ip').argParser(collect));
}

export function serverNamesOf({ dns, ip }: ServerOptions): ServerNames | undefined {
  return dns === undefined && ip === undefined ? undefined : { dns: dns ?? [], ip: ip ?? [] };
}

/** The last day of a certificate. */
export interface ValidityOptions {
  readonly validUntil?: string;
}

export function addValidity(cli: Cli, command: Command): Command {
  const day = newOption(cli, '--valid-until <day>', 'validUntil').argParser(parseDayOption(cli));
  return command.addOption(day);
}

/** The whole of that day in Vietnam. */
export function lifeOf({ validUntil }: ValidityOptions): { readonly notAfter?: Date } {
  return validUntil === undefined ? {} : { notAfter: new Date(`${validUntil}T23:59:59+07:00`) };
}

/** A serial number as people copy it: with colons, spaces and capitals. */
export function readSerial(text: string): string {
  return text.replaceAll(/[\s:]/gu, '').toLowerCase();
}

export function parseWebAddress(cli: Cli): (text: string) => string {
  return (text) => {
    const url = URL.parse(text);
    if (url !== null && ['http:', 'https:'].includes(url.protocol)) return text;
    throw new InvalidArgumentError(cli.messages.ca.wantedUrl);
  };
}

/** A key for the issuing authority that is on a token. */
export interface TokenOptions {
  readonly token?: string;
  readonly tokenLabel?: string;
  readonly keyLabel?: string;
}

export function addTokenOptions(cli: Cli, command: Command): Command {
  return command
    .addOption(newOption(cli, '--token <module>', 'caToken'))
    .addOption(newOption(cli, '--token-label <label>', 'caTokenLabel'))
    .addOption(newOption(cli, '--key-label <label>', 'caKeyLabel'));
}

/** The token that was named, as it is noted for later commands. */
export function tokenOf(options: TokenOptions): CaTokenSettings | undefined {
  const { token, tokenLabel, keyLabel } = options;
  return token === undefined ? undefined : { token, tokenLabel, keyLabel };
}
