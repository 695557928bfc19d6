/** Kinds that come from CRDs: their schemas are not Kubernetes' own. */
const CUSTOM = new Set([
  'BackendConfig',
  'Certificate',
  'GCPBackendPolicy',
  'HTTPRoute',
  'HealthCheckPolicy',
  'PrometheusRule',
  'Route',
  'ServiceMonitor',
]);

/** Whether a plain API server does not know the object's kind. */
export function isCustom(object: Readonly<Record<string, unknown>>): boolean {
  return typeof object['kind'] === 'string' && CUSTOM.has(object['kind']);
}
