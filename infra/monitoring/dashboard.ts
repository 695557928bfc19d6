/** One panel: title, unit, and a query per line with its legend. */
interface PanelPlan {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

const PANEL_WIDTH = 12;
const PANEL_HEIGHT = 8;

/** What an operator looks at first, in that order. `$job` is filled in by Grafana. */
const plans: readonly PanelPlan[] = [
  {
    title: 'Requests',
    unit: 'reqps',
    queries: [
      ['sum by (code) (rate(task_router_http_requests_total{job="$job"}[5m]))', '{{code}}'],
    ],
  },
  {
    title: 'Time to answer',
    unit: 's',
    queries: [0.5, 0.9, 0.99].map((share) => [
      `histogram_quantile(${share}, sum by (le) (rate(task_router_http_request_duration_seconds_bucket{job="$job"}[5m])))`,
      `${share * 100} %`,
    ]),
  },
  {
    title: 'Open connections',
    unit: 'short',
    queries: [['sum by (kind) (task_router_open_sockets{job="$job"})', '{{kind}}']],
  },
  {
    title: 'Traffic',
    unit: 'Bps',
    queries: [
      [
        'sum by (direction, kind) (rate(task_router_bytes_total{job="$job"}[5m]))',
        '{{direction}} {{kind}}',
      ],
    ],
  },
  {
    title: 'Routes',
    unit: 'short',
    queries: [['max by (lane, state) (task_router_routes{job="$job"})', '{{lane}} {{state}}']],
  },
  {
    title: 'Free TCP ports',
    unit: 'short',
    queries: [['min(task_router_tcp_ports_left{job="$job"})', 'free']],
  },
  {
    title: 'Refusals',
    unit: 'reqps',
    queries: [['sum by (reason) (rate(task_router_denials_total{job="$job"}[5m]))', '{{reason}}']],
  },
  {
    title: 'Tasks that do not answer',
    unit: 'reqps',
    queries: [
      ['sum by (class) (rate(task_router_upstream_errors_total{job="$job"}[5m]))', '{{class}}'],
    ],
  },
  {
    title: 'Limits reached',
    unit: 'reqps',
    queries: [
      ['sum by (limit) (rate(task_router_limits_hit_total{job="$job"}[5m]))', '{{limit}}'],
      ['sum(task_router_overloaded{job="$job"})', 'overloaded processes'],
    ],
  },
  {
    title: 'Sign-ins and restored answers',
    unit: 'reqps',
    queries: [
      [
        'sum by (outcome) (rate(task_router_sign_ins_total{job="$job"}[5m]))',
        'sign-in {{outcome}}',
      ],
      ['sum(rate(task_router_answers_restored_total{job="$job"}[5m]))', 'answers restored'],
    ],
  },
  {
    title: 'TCP connections and tunnels',
    unit: 'reqps',
    queries: [
      [
        'sum by (outcome) (rate(task_router_tcp_connections_total{job="$job"}[5m]))',
        'TCP {{outcome}}',
      ],
      ['sum by (outcome) (rate(task_router_tunnels_total{job="$job"}[5m]))', 'tunnel {{outcome}}'],
    ],
  },
  {
    title: 'Processes',
    unit: 'short',
    queries: [
      ['count by (version) (task_router_build_info{job="$job"})', 'version {{version}}'],
      ['sum(task_router_leader{job="$job"})', 'leaders'],
    ],
  },
  {
    title: 'ClearML',
    unit: 'reqps',
    queries: [
      ['sum by (outcome) (rate(task_router_clearml_calls_total{job="$job"}[5m]))', '{{outcome}}'],
    ],
  },
  {
    title: 'Age of the routes',
    unit: 's',
    queries: [['max(task_router_table_age_seconds{job="$job"})', 'seconds']],
  },
];

/**
 * The Grafana dashboard of a router, in the form that Grafana imports.
 *
 * @param name the router's name, which its metrics' job is called after.
 */
export function dashboard(name: string): object {
  return {
    uid: `task-router-${name}`.slice(0, 40),
    title: `Task router: ${name}`,
    tags: ['clearml', 'task-traffic-router'],
    schemaVersion: 39,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    templating: {
      list: [
        { name: 'source', label: 'Source', type: 'datasource', query: 'prometheus' },
        {
          name: 'job',
          label: 'Router',
          type: 'query',
          datasource: { type: 'prometheus', uid: '$source' },
          query: 'label_values(task_router_leader, job)',
          current: { text: `${name}-metrics`, value: `${name}-metrics` },
        },
      ],
    },
    panels: plans.map(panel),
  };
}

function panel({ title, unit, queries }: PanelPlan, index: number): object {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    datasource: { type: 'prometheus', uid: '$source' },
    gridPos: {
      x: (index % 2) * PANEL_WIDTH,
      y: Math.floor(index / 2) * PANEL_HEIGHT,
      w: PANEL_WIDTH,
      h: PANEL_HEIGHT,
    },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: queries.map(([expr, legendFormat], query) => ({
      refId: String.fromCodePoint(65 + query),
      expr,
      legendFormat,
    })),
  };
}
