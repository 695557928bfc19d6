import assert from 'node:assert/strict';

import { readConfig } from '../../../infra/config/read.ts';
import type { StackFile } from '../../../infra/config/stack_file.ts';

/** The problems that a config has, line by line. */
export function problems(
  config: Readonly<Record<string, unknown>>,
  file?: StackFile,
  encrypted = true,
): string[] {
  try {
    readConfig({
      stack: 'dev',
      values: Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
      storage: { isEncrypted: () => encrypted, file },
    });
    return [];
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());
  }
}
