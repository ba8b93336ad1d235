import { describe, expect, it } from 'vitest';

import { CAST } from '../../src/demo/agencies.ts';
import { expectedFigures } from '../../src/demo/expected-figures.ts';
import { type CheckedFigures, countFigures, findDeviations } from '../../src/demo/figures.ts';
import { shellQuote } from '../../src/demo/outcome/render.ts';
import {
  ALTERED,
  decide,
  DOCUMENT_KEYS,
  FORGED,
  OFFLINE_AT_FIRST,
  plannedDocument,
  REFUSED,
  REPEATED,
} from '../../src/demo/scenario.ts';
import { CliError } from '../../src/errors.ts';
import { describeFailure } from '../../src/failure.ts';
import { messagesOf } from '../../src/messages/index.ts';

describe('the scenario', () => {
  const documents = DOCUMENT_KEYS.map((key) => ({ key, ...plannedDocument(key) }));

  it('sends only between agencies of the cast, and to each once', () => {
    const codes = new Set(CAST.map(({ code }) => code));
    for (const { from, to } of documents) {
      expect([from, ...to].filter((code) => !codes.has(code))).toEqual([]);
      expect(new Set([from, ...to]).size).toBe(to.length + 1);
    }
  });

  it('goes up through all tiers, each document about the one before', () => {
    const chain = ['bridgeReport', 'bridgeInspection', 'disasterProposal'] as const;
    const tiers = chain.map((key) => {
      const { from } = plannedDocument(key);
      return CAST.find(({ code }) => code === from)?.tier;
    });
    expect(tiers).toEqual(['commune', 'district', 'province']);
    expect(plannedDocument('bridgeInspection').cites).toBe('bridgeReport');
    expect(plannedDocument('disasterProposal').cites).toBe('bridgeInspection');
    expect(plannedDocument('bridgeAnswer').answers).toBe('bridgeReport');
  });

  it('sends a plan to all communes of a province at once', () => {
    const communes = CAST.filter(({ tier, site }) => tier === 'commune' && site === 'H09');
    expect(plannedDocument('planBinhDuong').to).toEqual(communes.map(({ code }) => code));
  });

  it('tampers only with what waits for somebody who is cut off', () => {
    for (const { document, to } of [REPEATED, ALTERED]) {
      expect(plannedDocument(document).to).toContain(to);
      expect(OFFLINE_AT_FIRST).toContain(to);
    }
    expect(OFFLINE_AT_FIRST).toContain(FORGED.to);
    expect(FORGED.signedBy).not.toBe(FORGED.claims);
  });

  it('refuses one document, with a reason', () => {
    const refusals = documents.flatMap(({ key, from, to }) =>
      to.flatMap((code) => {
        const decision = decide(code, { from });
        return decision.kind === 'refuse' ? [{ key, code, reason: decision.reason }] : [];
      }),
    );
    expect(refusals).toMatchObject([{ key: REFUSED.document, code: REFUSED.to }]);
    expect(refusals[0]?.reason).toContain('ĐT.750');
  });
});

describe('the figures of the demo', () => {
  it('follow from the plan', () => {
    const figures = expectedFigures();
    expect(figures).toMatchObject({
      agencies: 17,
      dispatches: 14,
      deliveries: 24,
      receipts: { '01': 23, '02': 2, '03': 22, '06': 19 },
      quarantined: 2,
      duplicates_suppressed: 1,
    });
    expect(figures.share.all).toEqual({
      E: 12,
      EP: 2,
      P: 2,
      rate_electronic: 0.75,
      rate_any: 0.875,
      rate_signed: 1,
    });
  });

  it('agree with themselves', () => {
    expect(findDeviations(expectedFigures(), expectedFigures())).toEqual([]);
  });

  it('are named one by one when they differ', () => {
    const figures = expectedFigures();
    const commune = { ...figures.share.commune, P: 0, rate_any: null };
    const wrong: CheckedFigures = {
      ...figures,
      receipts: { ...figures.receipts, '03': 21 },
      share: { ...figures.share, commune },
    };
    expect(findDeviations(wrong, figures)).toEqual([
      { figure: 'receipts.03', expected: 22, actual: 21 },
      { figure: 'share.commune.P', expected: 1, actual: 0 },
      { figure: 'share.commune.rate_any', expected: 2 / 3, actual: null },
    ]);
    expect(countFigures(figures)).toBe(39);
  });

  it('end the demo with exit code 1 when they are wrong', () => {
    const error = new CliError('CLI_DEMO_FAILED', 'receipts.03: expected 22, found 21');
    const failure = describeFailure(error, messagesOf('en'));
    expect(failure.exitCode).toBe(1);
    expect(failure.message).toContain('receipts.03');
  });
});

describe('commands to be pasted', () => {
  it('survive spaces, quotes and letters that a shell would take', () => {
    expect(shellQuote('/tmp/demo/look/a_01.pdf')).toBe('/tmp/demo/look/a_01.pdf');
    expect(shellQuote('/tmp/my demo')).toBe("'/tmp/my demo'");
    expect(shellQuote("it's")).toBe(`'it'\\''s'`);
    expect(shellQuote('$(rm -rf x)')).toBe("'$(rm -rf x)'");
  });
});
