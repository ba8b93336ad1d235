import { type Command, InvalidArgumentError } from 'commander';

import { type GlobalOptions, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import type { DeskSettings } from '../../enrolment/desk.ts';
import { layoutOf } from '../../home/layout.ts';
import { printNote, printResult } from '../../output.ts';
import { type PassphraseFiles, passphrasesOf } from '../../passphrase/passphrase.ts';
import { renderFields } from '../../terminal/table.ts';
import { addCaPassphrases } from '../ca/options.ts';

interface SiteDeskOptions extends PassphraseFiles {
  readonly url: string;
  readonly listen?: string;
}

const HTTPS_PORT = 443;

/** `congvan site desk`: what an enrolment desk needs before `site run` serves it. */
export function siteDeskCommand(cli: Cli): Command {
  const command = newCommand(cli, 'desk', 'siteDesk')
    .addOption(
      newOption(cli, '--url <url>', 'deskUrl').argParser(parseUrl(cli)).makeOptionMandatory(),
    )
    .addOption(newOption(cli, '--listen <host:port>', 'deskListen'));
  return addCaPassphrases(cli, command).action(async (options: SiteDeskOptions, self: Command) => {
    await siteDesk(cli, options, self.optsWithGlobals<GlobalOptions>());
  });
}

async function siteDesk(cli: Cli, options: SiteDeskOptions, globals: GlobalOptions): Promise<void> {
  const layout = layoutOf(cli, globals);
  const { openHomeAuthority } = await import('../../enrolment/authority.ts');
  const { readSite } = await import('../../enrolment/registrar.ts');
  const { readDesk, setUpDesk } = await import('../../enrolment/desk.ts');
  await readSite(cli, layout);
  const passphrases = passphrasesOf(cli, options);
  const listen = await readListen(cli, options);
  const authority = await openHomeAuthority(cli, layout, passphrases);
  const settings: DeskSettings = { url: options.url, listen };
  const certificate = await setUpDesk(cli, layout, authority, passphrases, settings);
  const keySha256 = (await readDesk(cli, layout))?.keySha256 ?? '';
  const { enrolment, text } = cli.messages;
  const json = { ...settings, keySha256, notAfter: certificate.notAfter };
  printResult(cli, globals, json, () =>
    renderFields([
      [enrolment.desk, settings.url],
      [enrolment.deskListens, `${listen.host}:${listen.port}`],
      [enrolment.deskKey, `SHA-256 ${keySha256}`],
    ]),
  );
  printNote(cli, globals, `${text.hint}: ${enrolment.deskHint}`);
}

async function readListen(cli: Cli, { listen, url }: SiteDeskOptions) {
  if (listen === undefined) {
    const { port } = new URL(url);
    return { host: '::', port: port === '' ? HTTPS_PORT : Number(port) };
  }
  const { parseListen } = await import('../../enrolment/desk.ts');
  const read = parseListen(listen);
  if (read !== undefined) return read;
  throw new InvalidArgumentError(cli.messages.enrolment.wantedListen);
}

function parseUrl(cli: Cli): (text: string) => string {
  return (text) => {
    const url = URL.parse(text);
    const plain = url?.protocol === 'https:' && url.username === '' && url.search === '';
    if (!plain || url.hash !== '') {
      throw new InvalidArgumentError(cli.messages.enrolment.wantedDeskUrl);
    }
    return `${url.origin}${url.pathname.replace(/\/+$/u, '')}`;
  };
}
