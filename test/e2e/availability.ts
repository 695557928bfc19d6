import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';

import { LabError } from '../lab/errors.ts';
import { prepareTools } from '../lab/tools/prepare.ts';
import type { Tools } from '../lab/tools/tool.ts';

/**
 * Skips a test, visibly, because something cannot be had here. In CI, where everything has to be had, it fails instead.
 */
export function skipOrFail(t: TestContext, reason: string): void {
  if (process.env['CI'] === 'true') assert.fail(`not to be skipped in CI: ${reason}`);
  t.skip(reason);
}

/** The tools of a cluster of the lab's own; undefined, and the test is skipped, where they cannot be had. */
export async function toolsOrSkip(t: TestContext): Promise<Tools | undefined> {
  try {
    return await prepareTools({ noInstall: true, wants: 'cluster', onProgress: () => undefined });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'PREREQUISITES_MISSING') throw error;
    skipOrFail(t, error.message);
    return undefined;
  }
}
