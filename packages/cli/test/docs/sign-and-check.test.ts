import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { squarePng } from '../png.ts';
import { writePdf } from '../town.ts';
import { GUIDE_LIMIT_MS, blocksOf, createGuideFolder, freePort, runScript } from './run-guide.ts';

/** What the guide asks its reader to have: keys, a root, and an authority that answers. */
const AUTHORITY = `
export PATH="$PWD/node_modules/.bin:$PATH" CONGVAN_HOME="$PWD/authority" CONGVAN_PASSPHRASE_FILE="$PWD/passphrase"
(umask 077 && echo 'một mật khẩu dài' > passphrase)
congvan ca init --base-url "http://127.0.0.1:$PORT"
congvan ca issue --use person --name 'Nguyễn Thị Hạnh' --out hanh.p12
congvan ca issue --use seal --name 'UBND xã Hải Lăng' --out ubnd.p12
congvan ca issue --use tsa --name 'Dấu thời gian' --out tsa.p12
congvan ca issue --use encryption --name 'Sở Nội vụ' --out so-noi-vu.p12
openssl pkcs12 -in so-noi-vu.p12 -passin file:passphrase -clcerts -nokeys -out so-noi-vu.pem
cp authority/ca/root.crt root.pem
congvan ca serve --port "$PORT" --tsa tsa.p12 > serve.log 2>&1 &
until curl --silent --fail --output issuing.der "http://127.0.0.1:$PORT/ca/issuing.crt"; do sleep 0.2; done
export CONGVAN_TSA="http://127.0.0.1:$PORT/tsa"
`;

it(
  'docs/how-to/sign-and-check-files.md runs as it stands',
  async () => {
    await using folder = await createGuideFolder();
    for (const name of ['to-trinh.pdf', 'phu-luc.pdf']) await writePdf(join(folder.path, name));
    await writeFile(join(folder.path, 'so-lieu.csv'), 'mã;số\n1;2\n');
    await writeFile(join(folder.path, 'chu-ky.png'), squarePng(64, [20, 40, 160]));
    await writeFile(join(folder.path, 'dau.png'), squarePng(64, [200, 16, 46]));
    const guide = await blocksOf('how-to/sign-and-check-files.md');
    const script = [AUTHORITY, ...guide, 'cat verdict.json', 'kill %1'].join('\n');
    const port = String(await freePort());
    const { code, output } = await runScript(folder.path, script, { PORT: port });
    if (code !== 0) throw new Error(`exit ${code}:\n${output}`);
    expect(output.match(/result +TOTAL-PASSED: valid/gu)).toHaveLength(4);
    expect(output).toContain('"indication":"TOTAL-PASSED"');
    expect(output).toContain('B-LTA');
  },
  GUIDE_LIMIT_MS,
);
