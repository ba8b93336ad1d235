import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { ALERT_CODES } from '../../../src/relay/alerts/types.ts';
import { PROBLEMS } from '../../../src/relay/http/problem.ts';
import { openHttpTown } from './http-town.ts';

const REFERENCE = new URL('../../../../../docs/reference/http-api.md', import.meta.url);
const SCOPE = ['agency', 'under', 'tier', 'document_type', 'urgency', 'structure'];

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
}

it('the reference names every operation with its parameters, and every problem', async () => {
  const text = await readFile(REFERENCE, 'utf8');
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const problems = rows.filter(([, , status = '']) => /^\d{3}$/.test(status));
  expect(problems.map((row) => row.slice(1, 4))).toEqual(
    Object.entries(PROBLEMS).map(([code, { status, title }]) => [
      `\`${code}\``,
      String(status),
      title,
    ]),
  );

  const alerts = rows.flatMap(([, code = '']) => /^`([A-Z_]{5,})`$/.exec(code)?.[1] ?? []);
  expect(alerts).toEqual([...ALERT_CODES]);

  await using town = await openHttpTown();
  const token = await town.account({ name: 'lan', role: 'auditor' });
  const shown = await town.ask('/api/v1/openapi.json', { token });
  const { paths } = JSON.parse(shown.text) as {
    paths: Record<string, Record<string, Operation>>; // as its own test has judged it
  };
  const wanted = Object.entries(paths).flatMap(([path, { get }]) =>
    get === undefined ? [] : [{ path: path.replace('/api/v1', ''), ...get }],
  );
  const told = rows.filter(([, , path = '']) => path.startsWith('`/'));
  expect(told.map(([, id = '']) => id).toSorted()).toEqual(
    wanted.map(({ operationId }) => `\`${operationId}\``).toSorted(),
  );
  for (const { operationId, path, parameters = [] } of wanted) {
    const [, , where, rest = ''] = told.find(([, id]) => id === `\`${operationId}\``) ?? [];
    expect(where).toBe(`\`${path}\``);
    const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
    const scoped = SCOPE.every((name) => names.includes(name));
    expect(rest.includes('no scope') || rest.includes('no other scope') || rest === 'none').toBe(
      !scoped,
    );
    const own = scoped ? names.filter((name) => !SCOPE.includes(name)) : names;
    const listed = [...rest.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name ?? '');
    expect({ operationId, listed: listed.toSorted() }).toEqual({
      operationId,
      listed: own.toSorted(),
    });
  }
});
