import { waitUntil } from '@congvan/bus/testing';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { foundTown, makePdf } from './support/town.ts';

const WAIT_MS = 15_000;

describe('where the application records traces', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });

  beforeAll(() => {
    trace.setGlobalTracerProvider(provider);
  });
  afterAll(async () => {
    trace.disable();
    await provider.shutdown();
  });

  it('a document has one trace from its sending to its receipt', async () => {
    await using town = await foundTown();
    const commune = await town.addOffice({ code: 'H09.12.034', tier: 'commune', site: 'H09' });
    const district = await town.addOffice({ code: 'H09.12', tier: 'district', site: 'H09' });
    await using sender = await commune.open();
    await using recipient = await district.open();
    await waitUntil(() => sender.status().directoryEntries >= 3, WAIT_MS);
    await waitUntil(() => recipient.status().directoryEntries >= 3, WAIT_MS);
    const sent = await sender.send({
      to: [district.code],
      document: { name: 'van-ban.pdf', pdf: await makePdf('x') },
      abstract: 'V/v báo cáo',
      documentType: 'Công văn',
    });
    const { traceId } = sender.track(sent.documentId);
    const names = (): Set<string> =>
      new Set(
        exporter
          .getFinishedSpans()
          .filter((span) => span.spanContext().traceId === traceId)
          .map(({ name }) => name),
      );
    await waitUntil(() => names().has('congvan.receipt'), WAIT_MS);
    expect(names()).toEqual(
      new Set(['congvan.send', 'congvan.publish', 'congvan.receive', 'congvan.receipt']),
    );
  });
});
