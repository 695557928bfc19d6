import { z } from 'zod';

import { flag, textLike, textMap } from '../values/values.ts';

/** `monitoring`: objects for Prometheus and Grafana, for clusters that have their operators. */
export const monitoring = z
  .strictObject(
    {
      serviceMonitor: flag
        .default(false)
        .describe("A ServiceMonitor for Prometheus' operator; needs its CRDs"),
      rules: flag.default(false).describe('Alerts, as a PrometheusRule; needs the same CRDs'),
      dashboard: flag
        .default(false)
        .describe("A Grafana dashboard, in a ConfigMap that Grafana's sidecar finds"),
      labels: textMap
        .default({})
        .describe('Labels by which your Prometheus finds its objects, e.g. release: prometheus'),
      interval: textLike(/^\d{1,4}(s|m)$/, 'a time such as 30s')
        .default('30s')
        .describe('How often metrics are read'),
    },
    { error: 'expected the settings of monitoring' },
  )
  .prefault({});
