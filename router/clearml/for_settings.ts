import { readSettingFile, type Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ClearMl } from './clearml.ts';
import { createClearMl } from './client.ts';

/** What a credential's file says now; what it said at the start where there is no file, or it is away for a moment or empty. */
function now(
  settings: Settings,
  name: 'CLEARML_API_ACCESS_KEY' | 'CLEARML_API_SECRET_KEY',
): string {
  const path = settings.sources[name];
  if (path === undefined) return settings[name];
  try {
    return readSettingFile(path) || settings[name];
  } catch {
    return settings[name];
  }
}

/** The ClearML client that the settings describe. */
export function createClearMlFor(settings: Settings, log: Log, metrics: Metrics): ClearMl {
  return createClearMl({
    apiHost: settings.CLEARML_API_HOST,
    // Asked at each login: a rotated Secret is then used without a restart.
    get accessKey() {
      return now(settings, 'CLEARML_API_ACCESS_KEY');
    },
    get secretKey() {
      return now(settings, 'CLEARML_API_SECRET_KEY');
    },
    sslVerify: settings.SSL_VERIFY,
    caFile: settings.CLEARML_CA_FILE,
    log,
    metrics,
  });
}
