import { decodeEnrolmentToken } from '@congvan/bus';

import { enrolAgent } from '../../src/index.ts';
import { PASSPHRASE } from './passphrase.ts';

/** Enrols and kills itself after the step that the command line names. */
const [, , homes = '', step = ''] = process.argv;
const token = decodeEnrolmentToken(process.env['ENROLMENT_TOKEN'] ?? '');
await enrolAgent({
  homes,
  token,
  passphrase: { node: async () => PASSPHRASE },
  onStep: (done) => {
    if (done === step) process.kill(process.pid, 'SIGKILL');
  },
});
