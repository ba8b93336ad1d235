import { beforeAll, describe, expect, it } from 'vitest';

import { type Attack, RULES } from './attacks/attack.ts';
import { CERTIFICATION_ATTACKS } from './attacks/certification.ts';
import { CONFUSION_ATTACKS } from './attacks/confusion.ts';
import { CONTENT_ATTACKS } from './attacks/content.ts';
import { FRAME_ATTACKS } from './attacks/frame.ts';
import { MESSAGE_ATTACKS } from './attacks/message.ts';
import { EVIDENCE_ATTACKS, TIME_ATTACKS } from './attacks/time.ts';
import { READER_ATTACKS } from './attacks/readers.ts';
import { XREF_ATTACKS } from './attacks/xref.ts';
import { type Victim, createVictim, textOf } from './victim.ts';

const ATTACKS: readonly Attack[] = [
  ...FRAME_ATTACKS,
  ...XREF_ATTACKS,
  ...READER_ATTACKS,
  ...CONTENT_ATTACKS,
  ...CONFUSION_ATTACKS,
  ...CERTIFICATION_ATTACKS,
  ...MESSAGE_ATTACKS,
  ...TIME_ATTACKS,
  ...EVIDENCE_ATTACKS,
];

let victim: Victim;

beforeAll(async () => {
  victim = await createVictim();
});

describe('verifyPdf accepts no forged file', () => {
  it.each(
    ATTACKS.map((attack) => [attack.name, RULES[attack.rule], attack.verdict, attack] as const),
  )('%s → %s → %s', async (_name, _rule, verdict, { forge, says }) => {
    const report = victim.verify(await forge(victim));
    expect({ said: textOf(report), indication: report.indication }).toMatchObject({
      indication: verdict,
    });
    expect(textOf(report)).toMatch(says);
  });

  it('and each rule stops at least one of them', () => {
    expect(new Set(ATTACKS.map(({ rule }) => rule))).toEqual(new Set(Object.keys(RULES)));
    expect(new Set(ATTACKS.map(({ name }) => name)).size).toBe(ATTACKS.length);
  });

  it('though the file they start from is accepted', () => {
    expect(victim.verify(victim.signed).indication).toBe('TOTAL-PASSED');
  });

  it('a signed file with any one byte of the text changed', () => {
    const { source, signed } = victim;
    for (const at of [
      source.indexOf('so 12') + 3,
      source.indexOf('(100)') + 1,
      signed.length - 40,
    ]) {
      const copy = Buffer.from(signed);
      copy[at] = (copy[at] ?? 0) ^ 1;
      expect(victim.verify(copy).indication).toBe('TOTAL-FAILED');
    }
  });
});
