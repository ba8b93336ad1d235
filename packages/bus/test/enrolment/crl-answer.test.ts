import { createHash, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { expect, it } from 'vitest';

import { RevocationListAnswers } from '../../src/enrolment/crl-answer.ts';

const nameOf = (list: Uint8Array): string => createHash('sha256').update(list).digest('hex');
const knowing = (...lists: readonly Uint8Array[]): Uint8Array =>
  Buffer.from(JSON.stringify(lists.map(nameOf)));

it('compresses a list once for all who ask, also when it is read from its file again', () => {
  const compressed: string[] = [];
  const answers = new RevocationListAnswers((list) => {
    compressed.push(nameOf(list));
    return deflateRawSync(list);
  });
  const [first, second] = [randomBytes(2_000), randomBytes(3_000)];
  for (let count = 0; count < 5; count += 1) {
    const read = [Uint8Array.from(first), second];
    expect(inflateRawSync(answers.answer(knowing(), read))).toEqual(first);
    expect(inflateRawSync(answers.answer(knowing(first), read))).toEqual(second);
    expect(answers.answer(knowing(first, second), read)).toHaveLength(0);
  }
  expect(compressed).toEqual([nameOf(first), nameOf(second)]);
  // A list that gave way to a newer one is not kept.
  expect(inflateRawSync(answers.answer(knowing(), [second]))).toEqual(second);
  answers.answer(knowing(), [first, second]);
  expect(compressed).toEqual([nameOf(first), nameOf(second), nameOf(first)]);
});

it('offers no list that a message cannot hold, and tries that only once', () => {
  let count = 0;
  const answers = new RevocationListAnswers((list) => {
    count += 1;
    return deflateRawSync(list);
  });
  const [large, small] = [randomBytes(1_100_000), randomBytes(1_000)];
  for (let round = 0; round < 3; round += 1) {
    expect(inflateRawSync(answers.answer(knowing(), [large, small]))).toEqual(small);
  }
  expect(count).toBe(2);
  expect(answers.answer(Buffer.from('{'), [small])).toHaveLength(0);
});

it('hands the lists of a whole country to one who has most of them', () => {
  const answers = new RevocationListAnswers();
  const lists = Array.from({ length: 140 }, () => randomBytes(300));
  const [missing = new Uint8Array()] = lists.splice(70, 1);
  const all = [...lists, missing];
  expect(inflateRawSync(answers.answer(knowing(...lists), all))).toEqual(missing);
  expect(answers.answer(knowing(...all), all)).toHaveLength(0);
});
