import { describe, expect, it } from 'vitest';

import { corpusFolder, readFolder } from '../fuzz/corpus.ts';
import { mutate } from '../fuzz/mutate.ts';
import { Random } from '../fuzz/random.ts';
import { FUZZ_TARGETS } from '../fuzz/targets.ts';

/** Mutants of each kept input: enough to notice a target that no longer works, quick enough for every run. */
const MUTANTS = 3;

describe('hostile input never does more than fail (`npm run fuzz` goes further)', () => {
  it.each(Object.entries(FUZZ_TARGETS))('%s', (name, target) => {
    const corpus = [...readFolder(corpusFolder(name)).values()];
    expect(corpus.length).toBeGreaterThan(0);
    const random = new Random(42);
    for (const bytes of corpus) {
      target.run(bytes);
      const material = { random, others: corpus, dictionary: [], maxBytes: target.maxBytes };
      for (let i = 0; i < MUTANTS; i += 1) target.run(mutate(bytes, target.mutators, material));
    }
  });
});
