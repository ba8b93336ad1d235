import type {
  Appearance,
  Certificate,
  PreparedStamp,
  StampTemplate,
  StampUse,
} from '@congvan/signer';
import { type Command, InvalidArgumentError } from 'commander';

import { newOption, parseCount } from '../command.ts';
import type { Cli } from '../context.ts';
import { CliError } from '../errors.ts';
import { readInputFile } from '../home/input-file.ts';

/** Options of the visible stamp. */
export interface StampOptions {
  readonly form: StampTemplate['form'];
  readonly picture?: string;
  /** Millimetres on paper. */
  readonly pictureWidth?: number;
  readonly number?: { readonly codeNumber: string; readonly codeNotation: string };
  readonly name?: string;
  readonly copyForm?: string;
  readonly page?: 'first' | 'last' | number;
  readonly rect?: readonly [left: number, bottom: number, width: number, height: number];
  readonly corner?: 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';
  readonly beside?: string;
}

const FORMS: readonly StampTemplate['form'][] = ['personal', 'agency', 'appendix', 'copy'];
const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right'] as const;
/** These have a place of their own, the top right corner of the first page. */
const STANDS_IN_CORNER: ReadonlySet<StampTemplate['form']> = new Set(['appendix', 'copy']);
const MAX_PICTURE_BYTES = 4 * 1024 * 1024;

export function addStampOptions(cli: Cli, command: Command): Command {
  return command
    .addOption(newOption(cli, '--form <form>', 'form').choices(FORMS).makeOptionMandatory())
    .addOption(newOption(cli, '--picture <png>', 'picture'))
    .addOption(
      newOption(cli, '--picture-width <mm>', 'pictureWidth').argParser(parseCount(cli, 5, 150)),
    )
    .addOption(newOption(cli, '--number <code>', 'docNumber').argParser(parseCode(cli)))
    .addOption(newOption(cli, '--name <name>', 'stampName'))
    .addOption(newOption(cli, '--copy-form <text>', 'copyForm'))
    .addOption(newOption(cli, '--page <page>', 'page').argParser(parsePage(cli)))
    .addOption(
      newOption(cli, '--rect <l,b,w,h>', 'rect')
        .argParser(parseRect(cli))
        .conflicts(['corner', 'beside']),
    )
    .addOption(newOption(cli, '--corner <corner>', 'corner').choices(CORNERS).conflicts('beside'))
    .addOption(newOption(cli, '--beside <field>', 'besideField').conflicts('page'));
}

/** Commander hands the value of an option to this; `undefined` from `read` is a usage error. */
function parseWith<T>(wanted: string, read: (text: string) => T | undefined): (text: string) => T {
  return (text) => {
    const value = read(text);
    if (value === undefined) throw new InvalidArgumentError(wanted);
    return value;
  };
}

/** `15/QĐ-UBND`: the number, then the notation with all its strokes. */
function parseCode(cli: Cli): (text: string) => NonNullable<StampOptions['number']> {
  return parseWith(cli.messages.files.wantedCodeNumber, (text) => {
    const [, codeNumber, codeNotation] = /^\s*([^/\s]+)\/(\S.*?)\s*$/u.exec(text) ?? [];
    if (codeNumber === undefined || codeNotation === undefined) return undefined;
    return { codeNumber, codeNotation };
  });
}

function parsePage(cli: Cli): (text: string) => NonNullable<StampUse['page']> {
  return parseWith(cli.messages.files.wantedPage, (text) => {
    if (text === 'first' || text === 'last') return text;
    return /^[1-9]\d{0,5}$/u.test(text) ? Number(text) : undefined;
  });
}

function parseRect(cli: Cli): (text: string) => NonNullable<StampOptions['rect']> {
  return parseWith(cli.messages.files.wantedRect, (text) => {
    const [left, bottom, width, height, ...more] = text
      .split(',')
      .map((part) => (/^\s*\d{1,5}(?:\.\d{1,3})?\s*$/u.test(part) ? Number(part) : Number.NaN));
    if (left === undefined || bottom === undefined || more.length > 0) return undefined;
    if (width === undefined || height === undefined) return undefined;
    const isSized = width > 0 && height > 0 && left >= 0 && bottom >= 0;
    return isSized ? [left, bottom, width, height] : undefined;
  });
}

/**
 * Prepares the stamp that the command line describes.
 *
 * @param certificate - that of the signer: its organization or name is shown unless `--name` says
 *   another.
 * @throws {@link CliError} `CLI_USAGE` when the form needs an option that is missing, such as a place.
 */
export async function openStamp(
  cli: Cli,
  options: StampOptions,
  certificate: Certificate,
): Promise<Appearance> {
  const { page, rect, corner, beside, number } = options;
  if (!STANDS_IN_CORNER.has(options.form) && (rect ?? corner ?? beside) === undefined) {
    throw new CliError('CLI_USAGE', cli.messages.files.placeNeeded(options.form));
  }
  const prepared = await prepare(cli, await templateOf(cli, options, certificate));
  const place =
    rect === undefined
      ? corner && { corner }
      : { rect: [rect[0], rect[1], rect[0] + rect[2], rect[1] + rect[3]] as const };
  return prepared.on({
    ...(page !== undefined && { page }),
    ...(place !== undefined && { place }),
    ...(beside !== undefined && { besideField: beside }),
    ...(number !== undefined && { documentCode: number }),
  });
}

async function prepare(cli: Cli, template: StampTemplate): Promise<PreparedStamp> {
  const { SignerError, prepareStamp } = await import('@congvan/signer');
  try {
    return await prepareStamp(template);
  } catch (cause) {
    const lacksWidth = cause instanceof SignerError && cause.details['missing'] === 'widthMm';
    if (!lacksWidth) throw cause;
    throw new CliError('CLI_USAGE', cli.messages.files.widthNeeded, { cause });
  }
}

async function templateOf(
  cli: Cli,
  options: StampOptions,
  certificate: Certificate,
): Promise<StampTemplate> {
  const { files } = cli.messages;
  const { form, copyForm, number } = options;
  const agency = options.name ?? certificate.commonName ?? certificate.subjectText;
  if (form === 'appendix') {
    if (number === undefined) throw new CliError('CLI_USAGE', files.numberNeeded);
    return { form, agency };
  }
  if (options.picture === undefined) throw new CliError('CLI_USAGE', files.pictureNeeded(form));
  const { pictureWidth } = options;
  const shown = {
    picture: await readInputFile(cli, options.picture, MAX_PICTURE_BYTES),
    ...(pictureWidth !== undefined && { widthMm: pictureWidth }),
  };
  if (form === 'personal') return { form, ...shown };
  if (form === 'agency') return { form, ...shown, agency };
  if (copyForm === undefined) throw new CliError('CLI_USAGE', files.copyFormNeeded);
  return { form, ...shown, agency, copyForm };
}
