import type { SettledConfig } from '../../infra/config/decisions/found.ts';
import { settle, type Told } from '../../infra/config/reading/settle.ts';
import { parsedConfig } from './parsed_config.ts';
import { someCluster } from './stack_run.ts';

/** The config of a stack whose secrets are all encrypted, in a cluster that told what `told` says beside the usual. */
export function settledConfig(
  config: Readonly<Record<string, unknown>>,
  told: Partial<Told> = {},
): SettledConfig {
  return settle('test', parsedConfig(config), { ...someCluster, ...told });
}
