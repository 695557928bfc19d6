import { readConfig } from '../../infra/config/reading/read.ts';
import type { StackConfig } from '../../infra/config/stack_config.ts';

/** The config of a stack whose secrets are all encrypted. */
export function parsedConfig(config: Readonly<Record<string, unknown>>): StackConfig {
  return readConfig({
    stack: 'test',
    values: Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
    storage: { isEncrypted: () => true, file: undefined },
  });
}
