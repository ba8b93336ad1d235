import { createHash } from 'node:crypto';

import type { TimeStampSource } from '@congvan/signer';
import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand, newOption } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { outputPath, requireNewFile, writeNewFile } from '../../documents/write-new-file.ts';
import { readInputFile } from '../../home/input-file.ts';
import { printResult } from '../../output.ts';
import {
  type EvidenceOptions,
  addTimeStampOption,
  requireTimeStamps,
} from '../../signing/evidence-option.ts';
import { renderFields } from '../../terminal/table.ts';
import { type FileFormat, formatOf } from '../../verification/format.ts';

interface TimestampOptions extends Pick<EvidenceOptions, 'tsa'> {
  readonly out?: string;
}

/**
 * `congvan file timestamp`: a document time-stamp in a PDF, a signature-time-stamp in a CMS signature,
 * an archive time-stamp in a package; beside any other file, a token.
 */
export function fileTimestampCommand(cli: Cli): Command {
  const command = newCommand(cli, 'timestamp', 'fileTimestamp')
    .addArgument(newArgument(cli, '<file>', 'anyFile'))
    .addOption(newOption(cli, '-o, --out <file>', 'out'));
  return addTimeStampOption(cli, command).action(
    async (file: string, options: TimestampOptions, self: Command) => {
      await timestamp(cli, file, options, self.optsWithGlobals<GlobalOptions>());
    },
  );
}

const TOKEN_ENDING = '.tst';

async function timestamp(
  cli: Cli,
  file: string,
  options: TimestampOptions,
  globals: GlobalOptions,
): Promise<void> {
  const { files } = cli.messages;
  const bytes = await readInputFile(cli, file);
  const format = formatOf(bytes);
  const isInside = format !== undefined && format !== 'sealed';
  const out = isInside
    ? outputPath(options.out, file, 'stamped')
    : outputPath(options.out, file, '', TOKEN_ENDING);
  await requireNewFile(cli, out);
  const timeStamps = await requireTimeStamps(cli, options);
  const stamped = await stampBytes(bytes, format, timeStamps);
  await writeNewFile(cli, out, stamped);
  const kind = isInside ? format : 'token';
  printResult(cli, globals, { file, out, kind }, () => renderFields([[files.wroteUnder, out]]));
}

async function stampBytes(
  bytes: Uint8Array,
  format: FileFormat | undefined,
  timeStamps: TimeStampSource,
): Promise<Uint8Array> {
  const { addAsicTimeStamp, addDocumentTimeStamp, addSignatureTimeStamp } =
    await import('@congvan/signer');
  switch (format) {
    case 'pdf':
      return await addDocumentTimeStamp(bytes, timeStamps);
    case 'cms':
      return await addSignatureTimeStamp(bytes, timeStamps);
    case 'asic': {
      // Evidence holds more entries than a package.
      const { EVIDENCE_LIMITS } = await import('@congvan/bus/evidence');
      return await addAsicTimeStamp(bytes, timeStamps, { limits: EVIDENCE_LIMITS });
    }
    case 'sealed':
    case undefined: {
      const hash = timeStamps.hash ?? 'sha256';
      return await timeStamps.timeStamp(createHash(hash).update(bytes).digest(), hash);
    }
  }
}
