import * as z from 'zod';
import { unescapedKey } from './escaped_keys.ts';

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

/** What nobody but the router writes and reads: right in either spelling that a server may have stored it under. */
const ROUTER_KEYS = [
  'router_name',
  'router_tcp_answer',
  'router_http_stamp',
  'router_tcp_stamp',
] as const;

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
  'router_proxy_protocol',
  ...ROUTER_KEYS,
]);

/** Bounds of what a task may make the router keep. */
const LONGEST_KEY = 256;
const LONGEST_VALUE = 1024;
const MOST_KEYS = 2048;

function keyOf(key: string): string {
  const end = key.indexOf('__', 1);
  return end === -1 ? key : key.slice(0, end);
}

/** A key of the router's own that `tasks.edit_runtime` stored escaped, as it was meant; undefined for any other. */
function ownKey(stored: string): string | undefined {
  if (!ROUTER_KEYS.some((key) => stored.startsWith(`${key}%`))) return undefined;
  const key = unescapedKey(stored);
  return ROUTER_KEYS.some((one) => one === keyOf(key)) ? key : undefined;
}

/** The keys of the contract alone, numbers as text: a task's secrets stand in the same dictionary and are not kept. */
function pickRuntime(runtime: unknown): ReadonlyMap<string, string> {
  const picked = new Map<string, string>();
  if (typeof runtime !== 'object' || runtime === null) return picked;
  for (const [stored, value] of Object.entries(runtime)) {
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    const plain = RUNTIME_KEYS.has(keyOf(stored));
    const key = plain ? stored : ownKey(stored);
    if (key === undefined || key.length > LONGEST_KEY || (!plain && picked.has(key))) continue;
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
  .transform((row) => ({
    id: row.id,
    status: row.status,
    name: row.name,
    type: row.type,
    projectName: row.project?.name,
    userId: row.user ?? '',
    companyId: row.company ?? '',
    queueId: row.execution?.queue ?? undefined,
    systemTags: row.system_tags,
    /** Milliseconds since the epoch; 0 when the server does not say. */
    startedAt: row.started ?? 0,
    /** Milliseconds since the epoch, by the server's clock; undefined on servers that do not say. */
    changedAt: row.last_change ?? undefined,
    runtime: row.runtime,
  }));

/** What the router takes of a task in an answer of ClearML. Everything else ends at the border. */
export type TaskRow = Readonly<z.output<typeof taskRow>>;

/** That a task is there, and when it was changed last. */
export type TaskStamp = Pick<TaskRow, 'id' | 'changedAt'>;

/** One task of an answer to STAMP_FIELDS. */
export const taskStamp = z
  .object({ id: z.string(), last_change: time })
  .transform((row): TaskStamp => ({ id: row.id, changedAt: row.last_change ?? undefined }));
