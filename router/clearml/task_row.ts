import * as z from 'zod';

/** What the router takes of a task in an answer of ClearML. Everything else ends at the border. */
export interface TaskRow {
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly type: string;
  readonly projectName: string | undefined;
  readonly userId: string;
  readonly companyId: string;
  readonly queueId: string | undefined;
  readonly systemTags: readonly string[];
  /** Milliseconds since the epoch; 0 when the server does not say. */
  readonly startedAt: number;
  /** Milliseconds since the epoch, by the server's clock; undefined on servers that do not say. */
  readonly changedAt: number | undefined;
  /** The keys of the contract alone, numbers as text: a task's secrets stand in the same dictionary and are not kept. */
  readonly runtime: ReadonlyMap<string, string>;
}

/** That a task is there, and when it was changed last. */
export type TaskStamp = Pick<TaskRow, 'id' | 'changedAt'>;

/** `only_fields` of each look: no more is asked than TaskRow holds. */
export const TASK_FIELDS: readonly string[] = [
  'id',
  'status',
  'name',
  'type',
  'project.name',
  'user',
  'company',
  'execution.queue',
  'system_tags',
  'started',
  'last_change',
  'runtime',
];

/** `only_fields` for stamps. */
export const STAMP_FIELDS: readonly string[] = ['id', 'last_change'];

/** The keys that ask and answer, without their suffix. A key that is not listed never enters the process's memory as a value. */
const RUNTIME_KEYS = new Set([
  '_SERVICE',
  '_ADDRESS',
  '_PORT',
  '_ROUTER_ENDPOINT_MODE',
  '_ROUTER_ENDPOINT_MODE_PARAM',
  'endpoint',
  'browser_endpoint',
  'external_address',
  'external_tcp_port',
  'upstream_task_address',
  'upstream_task_port',
  'router_name',
  'router_proxy_protocol',
  'router_tcp_answer',
]);

/** Bounds of what a task may make the router keep. */
const LONGEST_KEY = 256;
const LONGEST_VALUE = 1024;
const MOST_KEYS = 1024;

function pickRuntime(runtime: unknown): ReadonlyMap<string, string> {
  const picked = new Map<string, string>();
  if (typeof runtime !== 'object' || runtime === null) return picked;
  for (const [key, value] of Object.entries(runtime)) {
    const end = key.indexOf('__', 1);
    if (!RUNTIME_KEYS.has(end === -1 ? key : key.slice(0, end)) || key.length > LONGEST_KEY) {
      continue;
    }
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const text = String(value).trim();
    if (text.length <= LONGEST_VALUE && picked.size < MOST_KEYS) picked.set(key, text);
  }
  return picked;
}

/** A reference as `tasks.get_all_ex` gives it (`{id, …}`), or as `tasks.get_all` does (the id alone). */
const reference = z
  .union([z.string(), z.looseObject({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .catch(undefined);

const text = z.string().catch('');

/** A time as the server writes it; one without a zone is UTC. Undefined where there is none. */
const time = z
  .string()
  .transform((value) => Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(value) ? value : `${value}Z`))
  .pipe(z.number())
  .nullish()
  .catch(undefined);

/**
 * One task. Exact about `id` and `status`, without which nothing may be routed; a field that is only shown, or that the server
 * leaves out, never spoils the look at all other tasks.
 */
export const taskRow = z
  .object({
    id: z.string(),
    status: z.string(),
    name: text,
    type: text,
    project: z.object({ name: z.string() }).nullish().catch(undefined),
    user: reference,
    company: reference,
    execution: z.object({ queue: reference }).nullish().catch(undefined),
    system_tags: z.array(z.string()).catch([]),
    started: time,
    last_change: time,
    runtime: z.unknown().optional().transform(pickRuntime),
  })
  .transform((row): TaskRow => ({
    id: row.id,
    status: row.status,
    name: row.name,
    type: row.type,
    projectName: row.project?.name,
    userId: row.user ?? '',
    companyId: row.company ?? '',
    queueId: row.execution?.queue ?? undefined,
    systemTags: row.system_tags,
    startedAt: row.started ?? 0,
    changedAt: row.last_change ?? undefined,
    runtime: row.runtime,
  }));

/** One task of an answer to STAMP_FIELDS. */
export const taskStamp = z
  .object({ id: z.string(), last_change: time })
  .transform((row): TaskStamp => ({ id: row.id, changedAt: row.last_change ?? undefined }));
