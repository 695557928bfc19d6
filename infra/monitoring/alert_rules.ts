import type { StackConfig } from '../config/stack_config.ts';

/** One alert of a PrometheusRule. */
export interface AlertRule {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** How long it has to hold. */
  readonly for: string;
  readonly labels: { readonly severity: 'warning' | 'critical' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

/** Alerts on what users notice, each with what to look at. Metrics are those of `router/telemetry/metrics.ts`. */
export function alertRules(config: StackConfig): readonly AlertRule[] {
  const job = `job="${config.router.name}-metrics"`;
  return [
    {
      alert: 'TaskRouterDown',
      expr: `absent(up{${job}} == 1)`,
      for: '2m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'No pod of the task router answers.',
        description: 'No endpoint of any task can be reached. Look at the pods and their events.',
      },
    },
    {
      alert: 'TaskRouterTableOld',
      expr: `max(task_router_table_age_seconds{${job}}) > 60`,
      for: '1m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'ClearML has not answered the task router for a minute.',
        description:
          'Known routes stay, new tasks get none, and rights run out. Look at ClearML and the log of the router.',
      },
    },
    {
      alert: 'TaskRouterWithoutLeader',
      expr: `sum(task_router_leader{${job}}) < 1`,
      for: '2m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'No pod of the task router leads.',
        description:
          'Routes are served, but asks of tasks get no answer. Look at the Lease and the rights on it.',
      },
    },
    {
      alert: 'TaskRouterReplicaSilent',
      expr: `max(task_router_peers_unknown{${job}}) > 0`,
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'A pod of the task router does not tell the others what it saw.',
        description:
          'Everything is served, but when endpoints were last used is not known for certain. Look for peer_silent and peers_unknown in the log.',
      },
    },
    {
      alert: 'TaskRouterErrors',
      expr:
        `sum(rate(task_router_http_requests_total{${job},code="5xx"}[5m])) > ` +
        `0.1 * sum(rate(task_router_http_requests_total{${job}}[5m]))`,
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'A tenth of all requests fail.',
        description: 'Look at task_router_upstream_errors_total by class, and at the tasks.',
      },
    },
    {
      alert: 'TaskRouterBalancedRouteDown',
      expr: `max(task_router_balanced_routes_down{${job}}) > 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'A load-balanced static route has no healthy task.',
        description:
          'Its tasks run, and a pod of the router finds none that takes connections, or whose health path (router_health_path) answers below 500. The page of the router shows which do not answer, and how they fail.',
      },
    },
    {
      alert: 'TaskRouterNotReady',
      expr: `kube_pod_status_ready{condition="true",pod=~"${config.router.name}-[a-z0-9]+-[a-z0-9]+"} == 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'A pod of the task router is not ready.',
        description: 'Its /readyz and the first lines of its log name what it waits for.',
      },
    },
    {
      alert: 'TaskRouterSigningKeyWrong',
      expr: `max(task_router_signing_key_wrong{${job}}) > 0`,
      for: '1m',
      labels: { severity: 'critical' },
      annotations: {
        summary: "The task router does not know ClearML's signing key.",
        description:
          "Nobody gets in who signs in from now on. Add the server's new secure.auth.token_secret to clearml.jwksKey, separated by white space from the old one.",
      },
    },
    {
      alert: 'TaskRouterOverloaded',
      expr: `max(task_router_overloaded{${job}}) > 0`,
      for: '1m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'A pod of the task router turns new work away.',
        description:
          'New requests get 503. Give the pods more memory, or raise availability.replicas; task_router_limits_hit_total tells who asks for so much.',
      },
    },
    {
      alert: 'TaskRouterClearMlDown',
      expr:
        `sum(rate(task_router_clearml_calls_total{${job},outcome="unavailable"}[5m])) > ` +
        `0.5 * sum(rate(task_router_clearml_calls_total{${job}}[5m]))`,
      for: '2m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'ClearML does not answer the task router.',
        description:
          'Who was let in stays in for a while; nobody else gets in. Look at the ClearML API server and the way to it.',
      },
    },
    ...(config.tcpSession === undefined ? [] : [portsRunOut(job)]),
  ];
}

function portsRunOut(job: string): AlertRule {
  return {
    alert: 'TaskRouterPortsRunOut',
    expr: `min(task_router_tcp_ports_left{${job}}) < 3`,
    for: '5m',
    labels: { severity: 'warning' },
    annotations: {
      summary: 'The TCP port range of the task router is almost used up.',
      description: 'Further tasks that ask for TCP get none. Widen tcpSession.portRange.',
    },
  };
}
