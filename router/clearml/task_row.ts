import * as z from 'zod';
import {
  IDLE_STOP_KEY,
  LAST_USED_KEY,
  RUNTIME_KEYS,
  withoutName,
  type RuntimeKey,
} from '../grammar/runtime_keys.ts';
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

/** `only_fields` of what is asked in a user's name: the runtime, where the secrets of tasks are, is not among them. */
export const SEEN_FIELDS: readonly string[] = TASK_FIELDS.filter((field) => field !== 'runtime');

/** `only_fields` for stamps. */
export const STAMP_FIELDS: readonly string[] = ['id', 'last_change'];

/** What a task may have written with `tasks.edit_runtime`, too: the level that it narrows its endpoint to, and how its web server wants to be asked. */
const WORDS: readonly string[] = [
  'router_access',
  'router_health_path',
  'router_keep_prefix',
  'router_scheme',
] satisfies readonly RuntimeKey[];

/** Keys that are read in either spelling that a server may have stored them under: those words, and what nobody but the router writes. */
const EITHER_SPELLING: readonly string[] = [
  'router_name',
  'router_tcp_answer',
  'router_http_stamp',
  'router_tcp_stamp',
  ...WORDS,
];

/** A key that is not among these never enters the process's memory as a value. */
const KEPT: ReadonlySet<string> = new Set([...RUNTIME_KEYS, LAST_USED_KEY, IDLE_STOP_KEY]);

/** Bounds of what a task may make the router keep. */
const LONGEST_KEY = 256;
const LONGEST_VALUE = 1024;
const MOST_KEYS = 2048;
/** Stands for a word that is too long, or no text. */
const UNREADABLE = 'unreadable';

/** A key that `tasks.edit_runtime` stored escaped, as it was meant; undefined for those that count in one spelling alone. */
function escapedAs(stored: string): string | undefined {
  if (!EITHER_SPELLING.some((key) => stored.startsWith(`${key}%`))) return undefined;
  const key = unescapedKey(stored);
  return EITHER_SPELLING.includes(withoutName(key)) ? key : undefined;
}

/** Numbers, and yes and no, as text; undefined for what is not kept. */
function textOf(key: string, value: unknown): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    const text = String(value).trim();
    if (text.length <= LONGEST_VALUE) return text;
  }
  // Left out, the one would say nothing, and open what its task wanted narrowed, and the other would go unnoticed.
  const isWord = WORDS.includes(withoutName(key));
  return isWord && value !== null ? UNREADABLE : undefined;
}

/** The keys of the contract alone, as text: a task's secrets stand in the same dictionary and are not kept. */
function pickRuntime(runtime: unknown): ReadonlyMap<string, string> {
  const picked = new Map<string, string>();
  if (typeof runtime !== 'object' || runtime === null) return picked;
  for (const [stored, value] of Object.entries(runtime)) {
    const plain = KEPT.has(withoutName(stored));
    const key = plain ? stored : escapedAs(stored);
    if (key === undefined || key.length > LONGEST_KEY || (!plain && picked.has(key))) continue;
    const text = textOf(key, value);
    if (text !== undefined && picked.size < MOST_KEYS) picked.set(key, text);
  }
  return picked;
}

function without(
  runtime: ReadonlyMap<string, string>,
  unwanted: string,
): ReadonlyMap<string, string> {
  if (!runtime.has(unwanted)) return runtime;
  return new Map([...runtime].filter(([key]) => key !== unwanted));
}

/** A reference as `tasks.get_all_ex` gives it (`{id, …}`), or as `tasks.get_all` does (the id alone). */
const reference = z
  .union([z.string(), z.looseObject({ id: z.string() }).transform(({ id }) => id)])
  .nullish()
  .catch(undefined);

const text = z.string().catch('');

/** A time as the server writes it; one without a zone is UTC. Undefined where there is none. */
export const time = z
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
  .transform(({ runtime, ...row }) => ({
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
    /** As it stands there; undefined for nothing. */
    lastUsed: runtime.get(LAST_USED_KEY),
    runtime: without(runtime, LAST_USED_KEY),
  }));

/** What the router takes of a task in an answer of ClearML. Everything else ends at the border. */
export type TaskRow = Readonly<z.output<typeof taskRow>>;

/** That a task is there, and when it was changed last. */
export type TaskStamp = Pick<TaskRow, 'id' | 'changedAt'>;

/** One task of an answer to STAMP_FIELDS. */
export const taskStamp = z
  .object({ id: z.string(), last_change: time })
  .transform((row): TaskStamp => ({ id: row.id, changedAt: row.last_change ?? undefined }));
