/** One panel: title, unit, and a query per line with its legend. */
interface PanelPlan {
  readonly title: string;
  readonly unit: string;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

/** PromQL of how fast a counter of the router grows, by labels or in all. */
function perSecond(counter: string, labels?: string): string {
  const by = labels === undefined ? '' : ` by (${labels}) `;
  return `sum${by}(rate(task_router_${counter}{job="$job"}[5m]))`;
}

const PANEL_WIDTH = 12;
const PANEL_HEIGHT = 8;

/** What an operator looks at first, in that order. `$job` is filled in by Grafana. */
const plans: readonly PanelPlan[] = [
  {
    title: 'Requests',
    unit: 'reqps',
    queries: [[perSecond('http_requests_total', 'code'), '{{code}}']],
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
    queries: [[perSecond('bytes_total', 'direction, kind'), '{{direction}} {{kind}}']],
  },
  {
    title: 'Routes',
    unit: 'short',
    queries: [['max by (lane, state) (task_router_routes{job="$job"})', '{{lane}} {{state}}']],
  },
  {
    title: 'Replicas',
    unit: 'short',
    queries: [
      ['max by (state) (task_router_replicas{job="$job"})', '{{state}}'],
      ['max(task_router_peers_unknown{job="$job"})', 'not all known'],
    ],
  },
  {
    title: 'Free TCP ports',
    unit: 'short',
    queries: [['min(task_router_tcp_ports_left{job="$job"})', 'free']],
  },
  {
    title: 'Refusals',
    unit: 'reqps',
    queries: [[perSecond('denials_total', 'reason'), '{{reason}}']],
  },
  {
    title: 'Endpoints by health',
    unit: 'short',
    queries: [['max by (state) (task_router_endpoints{job="$job"})', '{{state}}']],
  },
  {
    title: 'Tasks that do not answer',
    unit: 'reqps',
    queries: [
      [perSecond('upstream_errors_total', 'class'), '{{class}}'],
      [perSecond('failovers_total', 'kind'), '{{kind}} sent to another task'],
      ['max(task_router_balanced_routes_down{job="$job"})', 'load-balanced routes down'],
    ],
  },
  {
    title: 'Idle time by queue',
    unit: 's',
    queries: [['max by (queue) (task_router_idle_seconds{job="$job"})', '{{queue}}']],
  },
  {
    title: "On ClearML's page of model endpoints",
    unit: 'short',
    queries: [['max by (state) (task_router_model_endpoints{job="$job"})', '{{state}}']],
  },
  {
    title: 'Limits reached',
    unit: 'reqps',
    queries: [
      [perSecond('limits_hit_total', 'limit'), '{{limit}}'],
      ['sum(task_router_overloaded{job="$job"})', 'overloaded processes'],
    ],
  },
  {
    title: 'Sign-ins and restored answers',
    unit: 'reqps',
    queries: [
      [perSecond('sign_ins_total', 'outcome'), 'sign-in {{outcome}}'],
      [perSecond('answers_restored_total'), 'answers restored'],
      ['max(task_router_signing_key_wrong{job="$job"})', 'signing key wrong'],
    ],
  },
  {
    title: 'TCP connections and tunnels',
    unit: 'reqps',
    queries: [
      [perSecond('tcp_connections_total', 'outcome'), 'TCP {{outcome}}'],
      [perSecond('tunnels_total', 'outcome'), 'tunnel {{outcome}}'],
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
    queries: [[perSecond('clearml_calls_total', 'outcome'), '{{outcome}}']],
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
