import { apiextensions, core } from '@pulumi/kubernetes';
import type { Resource } from '@pulumi/pulumi';

import { OWN_PORTS } from '../config/decisions/ports.ts';
import { metadataOf, type Scope } from '../scope.ts';
import { alertRules } from './alert_rules.ts';
import { dashboard } from './dashboard.ts';

/** Objects for Prometheus and Grafana, as far as config asks for them. */
export function monitor(scope: Scope): readonly Resource[] {
  const { monitoring } = scope.config;
  return [
    ...(monitoring.serviceMonitor ? serviceMonitor(scope) : []),
    ...(monitoring.rules ? [rules(scope)] : []),
    ...(monitoring.dashboard ? [grafanaDashboard(scope)] : []),
  ];
}

/** A Service without an address of its own for the admin port: the HTTP Service may be exposed, and metrics are not. */
function serviceMonitor(scope: Scope): readonly Resource[] {
  const { config, names, parent } = scope;
  const name = `${names.router}-metrics`;
  const labels = { ...names.labels, 'app.kubernetes.io/component': 'metrics' };
  const service = new core.v1.Service(
    name,
    {
      metadata: {
        ...metadataOf(scope, name),
        labels,
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: {
        clusterIP: 'None',
        selector: names.selector,
        ports: [{ name: 'admin', port: OWN_PORTS.admin, targetPort: 'admin', protocol: 'TCP' }],
      },
    },
    { parent },
  );
  const monitorObject = new apiextensions.CustomResource(
    names.router,
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: monitoredMetadata(scope),
      spec: {
        selector: { matchLabels: labels },
        endpoints: [{ port: 'admin', path: '/metrics', interval: config.monitoring.interval }],
      },
    },
    { parent },
  );
  return [service, monitorObject];
}

function rules(scope: Scope): Resource {
  const { config, names, parent } = scope;
  return new apiextensions.CustomResource(
    `${names.router}-alerts`,
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: monitoredMetadata(scope),
      spec: { groups: [{ name: names.router, rules: alertRules(config) }] },
    },
    { parent },
  );
}

/** By the labels of config the operator of Prometheus finds the object. */
function monitoredMetadata(scope: Scope) {
  const { config, names } = scope;
  const labels = { ...config.monitoring.labels, ...names.labels };
  return { ...metadataOf(scope, names.router), labels };
}

function grafanaDashboard(scope: Scope): Resource {
  const { names, parent } = scope;
  const name = `${names.router}-dashboard`;
  return new core.v1.ConfigMap(
    name,
    {
      metadata: {
        ...metadataOf(scope, name),
        // The label that the sidecar of Grafana's chart looks for.
        labels: { ...names.labels, grafana_dashboard: '1' },
      },
      data: { [`${names.router}.json`]: JSON.stringify(dashboard(names.router), undefined, 2) },
    },
    { parent },
  );
}
