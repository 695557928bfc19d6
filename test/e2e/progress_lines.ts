import type { TestContext } from 'node:test';

import type { Progress } from '../lab/run/progress.ts';

/** Progress of a run as the lines of a test's report. */
export function linesOf(t: TestContext): Progress {
  return {
    async step(title, work) {
      const began = performance.now();
      const { done, value } = await work(() => undefined);
      t.diagnostic(`${done} (${title}: ${Math.round(performance.now() - began)} ms)`);
      return value;
    },
    say: (text) => t.diagnostic(text.trim()),
  };
}
