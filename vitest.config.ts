import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';

const packages = readdirSync(join(import.meta.dirname, 'packages')).sort();

/** The last line of a run, in a form that any tool can read: `12 passed, 0 failed, 1 skipped`. */
class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      for (const test of tests) count[test.result().state] += 1;
      // A file that could not be loaded has no tests and still failed.
      if (module.state() === 'failed' && module.errors().length > 0) count.failed += 1;
    }
    const skipped = count.skipped + count.pending;
    process.once('exit', () => {
      process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${skipped} skipped\n`);
    });
  }
}

export default defineConfig({
  test: {
    projects: packages.map((name) => ({
      extends: true,
      test: { name, include: [`packages/${name}/test/**/*.test.ts`] },
    })),
    // Each file in a process. On two cores a third one computes while others wait for their servers.
    pool: 'forks',
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', new ClosingLine()],
  },
});
