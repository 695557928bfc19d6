import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ClearMl } from './clearml.ts';
import { createClearMl } from './client.ts';

/** The ClearML client that the settings describe. */
export function createClearMlFor(settings: Settings, log: Log, metrics: Metrics): ClearMl {
  return createClearMl({
    apiHost: settings.CLEARML_API_HOST,
    accessKey: settings.CLEARML_API_ACCESS_KEY,
    secretKey: settings.CLEARML_API_SECRET_KEY,
    sslVerify: settings.SSL_VERIFY,
    caFile: settings.CLEARML_CA_FILE,
    log,
    metrics,
  });
}
