import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  METRICS,
  PartMetrics,
  type Unreadiness,
  createPartLog,
  startObserveServer,
} from '../../src/observe/index.ts';

describe('the HTTP side of a running part', () => {
  it('shows its metrics, that it lives, and that it is ready', async () => {
    await using server = await startObserveServer({
      part: 'agent',
      address: '127.0.0.1:0',
      samples: () => [
        { name: 'congvan_agent_connected', value: 1 },
        { name: 'congvan_agent_condition', labels: { code: 'DISK_FULL' }, value: 1 },
      ],
      conditions: () => [],
    });
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('congvan_agent_connected 1');
    expect(metrics).toContain('congvan_agent_condition{code="DISK_FULL"} 1');
    expect(metrics).toContain('process_resident_memory_bytes');
    expect(metrics).not.toContain('congvan_relay_');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it('is not ready while an error stands, and says which', async () => {
    const conditions: Unreadiness[] = [
      { code: 'DISK_FULL', since: '2026-11-02T03:00:00.000Z', detail: 'full', severity: 'error' },
    ];
    await using server = await startObserveServer({
      part: 'relay',
      address: '127.0.0.1:0',
      samples: () => [],
      conditions: () => conditions,
    });
    const answer = await fetch(`${server.url}/readyz`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      ready: false,
      conditions: [{ code: 'DISK_FULL' }],
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    conditions.length = 0;
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  it.each(['0.0.0.0:9464', '10.1.2.3:80', '127.0.0.1', '127.0.0.1:70000', 'example.vn:80'])(
    'does not listen on %s',
    async (address) => {
      const starting = startObserveServer({
        part: 'site',
        address,
        samples: () => [],
        conditions: () => [],
      });
      await expect(starting).rejects.toMatchObject({ code: 'BUS_OBSERVE_FAILED' });
    },
  );

  it('says that a port is taken', async () => {
    const options = { part: 'site', samples: () => [], conditions: () => [] } as const;
    await using first = await startObserveServer({ ...options, address: '127.0.0.1:0' });
    const address = first.url.replace('http://', '');
    await expect(startObserveServer({ ...options, address })).rejects.toMatchObject({
      code: 'BUS_OBSERVE_FAILED',
    });
  });

  it('forgets the label of a condition that is over', async () => {
    const metrics = new PartMetrics('agent');
    const sample = { name: 'congvan_agent_condition', value: 1 } as const;
    await metrics.render([{ ...sample, labels: { code: 'DISK_FULL' } }]);
    expect(await metrics.render([])).not.toContain('DISK_FULL');
  });
});

describe('the table of metrics', () => {
  it('stands in the reference as it stands in the code', () => {
    const page = readFileSync(
      new URL('../../../../docs/reference/metrics.md', import.meta.url),
      'utf8',
    );
    const listed = [...page.matchAll(/^\| `(congvan_\w+)` *\| *([^|]*?) *\|/gm)].map(
      ([, name = '', labels = '']) => `${name} ${labels}`.trim(),
    );
    const expected = Object.entries(METRICS).map(
      ([name, { labels }]) => `${name} ${labels.map((label) => `\`${label}\``).join(', ')}`,
    );
    expect(listed).toEqual(expected.map((line) => line.trim()));
  });
});

describe('the log of a running part', () => {
  const log = (lines: string[]) =>
    createPartLog({
      part: 'H09.12',
      to: (line) => lines.push(line),
      now: () => new Date('2026-11-02T03:00:00Z'),
    });

  it('writes one JSON object a line', () => {
    const lines: string[] = [];
    log(lines).warn({ messageId: 'ab', count: 3 }, 'not published');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      time: '2026-11-02T03:00:00.000Z',
      level: 'warn',
      part: 'H09.12',
      message: 'not published',
      messageId: 'ab',
      count: 3,
    });
  });

  it('keeps secrets, bytes and long texts out', () => {
    const lines: string[] = [];
    const fields = {
      passphrase: 'hunter2',
      nested: { seed: 'SUAB' },
      bytes: Buffer.from('PDF'),
      error: new Error('x'.repeat(5_000)),
    };
    log(lines).info(fields, 'something');
    const [line = ''] = lines;
    expect(line).not.toContain('hunter2');
    expect(line).not.toContain('SUAB');
    expect(line).not.toContain('bytes');
    expect(line.length).toBeLessThan(1_500);
  });

  it('loses lines on a full disk, and stops nobody', () => {
    const log = createPartLog({ part: 'relay', to: '/dev/full' });
    expect(() => {
      for (let line = 0; line < 3; line += 1) log.info({}, 'nobody reads this');
    }).not.toThrow();
  });

  it('appends to a file that only its owner reads', () => {
    const folder = mkdtempSync(join(tmpdir(), 'congvan-log-'));
    const file = join(folder, 'agent.log');
    createPartLog({ part: 'relay', to: file }).info({}, 'first');
    createPartLog({ part: 'relay', to: file }).info({}, 'second');
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
    rmSync(folder, { recursive: true });
  });
});
