/** Uploads one blob in a process of its own, to be killed at any moment. */
import { readFileSync } from 'node:fs';

import { connectAgency } from '../../src/broker/agency-connection.ts';
import { makeBlob, upload } from './fixture.ts';
import { parseAgencyCode } from '../../src/agency/code.ts';

const [url = '', credentialsFile = '', code = '', site = '', bytes = ''] = process.argv.slice(2);
const owner = { code: parseAgencyCode(code), site };
const credentials = readFileSync(credentialsFile);
await using connection = await connectAgency({
  ...owner,
  servers: url,
  credentials,
  name: 'child',
});
await upload(connection, makeBlob(owner, Number(bytes)), { window: 1 });
