import assert from 'node:assert/strict';

import { InfraError } from '../../../infra/errors.ts';
import { readConfig } from '../../../infra/config/reading/read.ts';
import type { StackFile } from '../../../infra/config/reading/stack_file.ts';

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
    if (!(error instanceof InfraError)) throw error;
    assert.equal(error.code, 'config-invalid');
    return error.message
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());
  }
}
