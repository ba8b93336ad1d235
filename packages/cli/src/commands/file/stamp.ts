import type { Command } from 'commander';

import { type GlobalOptions, newArgument, newCommand } from '../../command.ts';
import type { Cli } from '../../context.ts';
import { type SignFileOptions, signFile } from '../../signing/sign-file.ts';
import { addSignerOptions } from '../../signing/signer-option.ts';
import { type StampOptions, addStampOptions, openStamp } from '../../signing/stamp-option.ts';
import { addSignatureOptions } from './sign.ts';

/** `congvan file stamp`: a signature that shows the stamp of Decree 30/2020/NĐ-CP. */
export function fileStampCommand(cli: Cli): Command {
  const command = newCommand(cli, 'stamp', 'fileStamp').addArgument(
    newArgument(cli, '<file>', 'file'),
  );
  addSignerOptions(cli, addSignatureOptions(cli, addStampOptions(cli, command)));
  return command.action(
    async (file: string, options: SignFileOptions & StampOptions, self: Command) => {
      await signFile(cli, file, options, self.optsWithGlobals<GlobalOptions>(), async (signer) => ({
        appearance: await openStamp(cli, options, signer.certificate),
      }));
    },
  );
}
