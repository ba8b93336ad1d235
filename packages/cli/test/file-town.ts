import { copyFile, mkdir, writeFile } from 'node:fs/promises';

import { freePort } from './docs/run-guide.ts';
import { squarePng } from './png.ts';
import type { Outcome } from './run-cli.ts';
import { createTown, type Town, writePdf } from './town.ts';

/** A town with what signing files needs: keys, files, a trust folder, and an authority that answers. */
export interface FileTown {
  readonly town: Town;
  /** Address of the time-stamp service. */
  readonly tsa: string;
  /** Runs `file verify --json` with the town's trust folder; the report is `undefined` after an error. */
  verify(file: string, ...more: string[]): Promise<Outcome & { readonly report?: Verified }>;
}

/** What the tests look at of a report. */
export interface Verified {
  readonly format: string;
  readonly indication: string;
  readonly subIndication: string | null;
  readonly signatures: readonly {
    readonly of: string;
    readonly kind: string;
    readonly indication: string;
    readonly level: string | null;
    readonly signer: string;
    readonly provenAt: string | null;
    readonly revision: number | null;
    readonly widget: { page: number; share: number } | null;
    readonly docMdp: number | null;
    readonly evidence: readonly { kind: string }[];
  }[];
}

export async function createFileTown(): Promise<FileTown> {
  const town = await createTown();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await town.json(['ca', 'init', '--base-url', url]);
  const issue = async (use: string, name: string, file: string): Promise<unknown> =>
    await town.json(['ca', 'issue', '--use', use, '--name', name, '--out', town.path(file)]);
  await issue('seal', 'Ủy ban nhân dân xã Hải Lăng', 'seal.p12');
  await issue('person', 'Nguyễn Thị Hạnh', 'person.p12');
  await issue('tsa', 'Dấu thời gian tỉnh Quảng Trị', 'tsa.p12');
  await issue('encryption', 'Sở Nội vụ', 'box.p12');
  await issue('encryption', 'Sở Tài chính', 'other.p12');
  await town.start(
    ['ca', 'serve', '--port', String(port), '--tsa', town.path('tsa.p12')],
    /127\.0\.0\.1/,
  );
  await mkdir(town.path('trust', 'anchors'), { recursive: true });
  await copyFile(town.path('ca', 'root.crt'), town.path('trust', 'anchors', 'root.crt'));
  await writePdf(town.path('plain.pdf'));
  await writeFile(town.path('report.csv'), 'mã;số\n1;2\n');
  await writeFile(town.path('seal.png'), squarePng(64, [200, 16, 46]));
  return {
    town,
    tsa: `${url}/tsa`,
    async verify(file, ...more) {
      const trust = ['--trust', town.path('trust')];
      const outcome = await town.run(['file', 'verify', file, '--json', ...trust, ...more]);
      if (outcome.out === '') return outcome;
      return { ...outcome, report: JSON.parse(outcome.out) as Verified };
    },
  };
}
