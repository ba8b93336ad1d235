import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { expect, it } from 'vitest';

import { receipt, dispatch, electronic, paper } from '../relay-database.ts';
import { openHttpTown } from './http-town.ts';

const addFormats = addFormatsModule.default;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { content?: Readonly<Record<string, { schema: object }>> }>
  >;
}

/** One request for each operation. */
const REQUESTS: Readonly<Record<string, string>> = {
  figures: '/figures?period=2026-07&under=H09&document_type=other&structure=now',
  breakdown: '/breakdown?period=2026-Q3&by=agency&sort=-documents&limit=1',
  deliveries: '/deliveries?period=2026-07-10&state=01',
  gaps: '/gaps?period=2026',
  agencies: '/agencies?period=2026-W28',
  register: '/register?agency=H09&period=2026-07&counted_as=P',
  agency: '/agencies/H09.12?period=2026-07',
  documents: '/documents/1%2FUBND-VP?from=H09',
  evidence: '/evidence/1%2FUBND-VP?from=H09',
  publications: '/publications',
  publication: '/publications/2026-07?revision=1',
  publicationSection: '/publications/2026-07/sections/figures?limit=1000',
  publicationFile: '/publications/2026-07/file',
  alerts: '/alerts?state=all',
  health: '/health',
  contradictions: '/contradictions?agency=H09&kind=REGISTER_NUMBER_REUSED',
  late: '/late?limit=1',
  rejected: '/rejected?limit=1',
  me: '/me',
};

it('the OpenAPI document is one, and every answer is as it says', async () => {
  await using town = await openHttpTown({
    evidence: async () => ({ bytes: new Uint8Array(2), lacksTimeStamp: false }),
    fill: (database) => {
      database.addAgency('H09', 'province');
      database.addAgency('H09.12', 'commune');
      database.report('H09', dispatch(1, [electronic('H09.12')]));
      database.report('H09', paper(4));
      database.report('H09.12', receipt('H09', 1, '01'));
      database.report('H09', dispatch(4, [electronic('H09.12')], { documentId: 'again' }));
      database.db.exec('INSERT OR IGNORE INTO late_report SELECT id FROM stored_report');
      database.sweep(new Date('2026-11-22T02:00:00Z'));
    },
  });
  await town.publish('2026-07');
  const token = await town.account({ name: 'minh', role: 'operator' });
  const shown = await town.ask('/api/v1/openapi.json', { token });
  const document = JSON.parse(shown.text) as OpenApi; // the validator checks it next
  const judged = await new Validator().validate({ ...document });
  expect(judged.errors).toBeUndefined();
  expect(judged.valid).toBe(true);

  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: 'doc', components: document.components });
  const operations = Object.values(document.paths).flatMap((path) => path['get'] ?? []);
  expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
    Object.keys(REQUESTS).toSorted(),
  );
  for (const { operationId, responses } of operations) {
    const path = `/api/v1${REQUESTS[operationId] ?? ''}`;
    const answer = await town.ask(path, { token });
    expect({ path, status: answer.status }).toEqual({ path, status: 200 });
    const type = Object.keys(responses['200']?.content ?? {})[0] ?? '';
    expect(answer.headers.get('content-type')).toContain(type);
    const tag = answer.headers.get('etag') ?? '"none"';
    const again = await town.ask(path, { token, headers: { 'if-none-match': tag } });
    const unchanged = '304' in responses ? 304 : 200;
    expect({ path, status: again.status }).toEqual({ path, status: unchanged });
    if (type !== 'application/json') continue;
    const schema = responses['200']?.content?.['application/json']?.schema ?? {};
    const text = JSON.stringify(schema).replaceAll('"#/components', '"doc#/components');
    const check = ajv.compile(JSON.parse(text) as object);
    check(JSON.parse(answer.text));
    expect({ path, errors: check.errors ?? [] }).toEqual({ path, errors: [] });
  }
  const refused = await town.ask('/api/v1/figures', { token });
  const problem = ajv.compile({ $ref: 'doc#/components/schemas/Problem' });
  expect(problem(JSON.parse(refused.text))).toBe(true);
  const problemType = refused.headers.get('content-type')?.split(';')[0];
  for (const { operationId, responses } of operations) {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      if (status < '400') continue;
      expect({ operationId, status, types: Object.keys(content) }).toEqual({
        operationId,
        status,
        types: [problemType],
      });
    }
  }
});
