import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { readAnswer } from './answer.ts';
import type { ClearMl, TaskPage, TaskQuery } from './clearml.ts';
import { logIn } from './login.ts';
import { createOwnLogin } from './own_login.ts';
import { createRuntimeWriter } from './runtime_writer.ts';
import { STAMP_FIELDS, TASK_FIELDS, taskRow, taskStamp } from './task_row.ts';
import { createTransport, type TransportOptions } from './transport.ts';

export interface ClearMlOptions extends TransportOptions {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'clearmlCalls'> | undefined;
}

/** The server cuts longer pages to this length. */
export const PAGE_SIZE = 500;

/** Marks tasks that ask for access. */
export const ASKING_TAG = 'external_service';

const anything = z.unknown();
const taskPage = pageOfTasks(taskRow);
const stampPage = pageOfTasks(taskStamp);
const idPage = z.object({ tasks: z.array(z.object({ id: z.string() })) });
const queuePage = z.object({ queues: z.array(z.object({ id: z.string(), name: z.string() })) });
const currentUser = z.object({ user: z.object({ id: z.string(), name: z.string().catch('') }) });

function taskFilter(query: TaskQuery): object {
  if (query.ids !== undefined) return { id: query.ids };
  const asking = { system_tags: [ASKING_TAG], search_hidden: true };
  // Without a filter on status, so that a task that ended meanwhile is among them.
  if (query.changedSince !== undefined) {
    return { ...asking, last_change: [`>=${query.changedSince}`] };
  }
  return { ...asking, status: ['in_progress'] };
}

/** One entry that cannot be read must not hide the tasks of all others. */
function pageOfTasks<S extends z.ZodType>(row: S) {
  return z.object({ tasks: z.array(z.unknown()) }).transform(({ tasks }) => {
    const found = tasks
      .map((task) => row.safeParse(task))
      .filter((one) => one.success)
      .map(({ data }) => data);
    const unreadable = tasks.length - found.length;
    return { tasks: found, unreadable, last: tasks.length < PAGE_SIZE };
  });
}

const NO_TASKS: TaskPage<never> = { tasks: [], unreadable: 0, last: true };

/** An empty list of ids filters nothing: the answer would be every task. */
function isEmpty({ ids }: TaskQuery): boolean {
  return ids?.length === 0;
}

/** A stable order: pages of a list that moves neither repeat nor leave out more than what moved. */
function pageOf(query: TaskQuery, page: number, fields: readonly string[]): object {
  const paging = { order_by: ['id'], page, page_size: PAGE_SIZE };
  return { ...taskFilter(query), only_fields: fields, ...paging };
}

function outcomeOf(error: unknown): 'unauthorized' | 'unavailable' | 'invalid' {
  const code = error instanceof RouterError ? error.code : undefined;
  if (code === 'CLEARML_UNAUTHORIZED') return 'unauthorized';
  return code === 'CLEARML_UNAVAILABLE' ? 'unavailable' : 'invalid';
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof RouterError && error.code === 'CLEARML_UNAUTHORIZED';
}

function wrongCredentials(apiHost: string, cause: unknown): RouterError {
  return new RouterError(
    'CLEARML_UNAUTHORIZED',
    `ClearML at ${apiHost} refused the router's own credentials; check CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY`,
    { cause },
  );
}

/** The client of one ClearML API server. Nothing is asked before the first call. */
export function createClearMl(options: ClearMlOptions): ClearMl {
  const { log, metrics } = options;
  const transport = createTransport(options);

  const counted = async <T>(exchange: Promise<T>): Promise<T> => {
    try {
      const result = await exchange;
      metrics?.clearmlCalls.inc({ outcome: 'ok' });
      return result;
    } catch (error) {
      metrics?.clearmlCalls.inc({ outcome: outcomeOf(error) });
      throw error;
    }
  };

  const ownLogin = createOwnLogin(async () => {
    const login = await counted(logIn(transport, options.accessKey, options.secretKey)).catch(
      (error: unknown) => {
        throw isUnauthorized(error) ? wrongCredentials(options.apiHost, error) : error;
      },
    );
    log.info({ event: 'clearml_login', cookie: login.cookieName }, 'Logged in to ClearML');
    return login;
  });

  /** One call with somebody's token. */
  const callAs = <S extends z.ZodType>(token: string, call: string, body: object, schema: S) =>
    counted(
      transport
        .post(call, `Bearer ${token}`, JSON.stringify(body))
        .then((answer) => readAnswer(call, answer, schema)),
    );

  /** One call with the router's own login; a refused token is replaced once. */
  const call = async <S extends z.ZodType>(name: string, body: object, schema: S) => {
    const { token } = await ownLogin.get();
    try {
      return await callAs(token, name, body, schema);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      ownLogin.refused(token);
      const { token: renewed } = await ownLogin.get();
      return callAs(renewed, name, body, schema);
    }
  };

  return {
    login: ownLogin.get,
    onLogin: ownLogin.onLogin,

    tasks: async (query, page) =>
      isEmpty(query)
        ? NO_TASKS
        : call('tasks.get_all_ex', pageOf(query, page, TASK_FIELDS), taskPage),
    taskStamps: async (query, page) =>
      isEmpty(query)
        ? NO_TASKS
        : call('tasks.get_all_ex', pageOf(query, page, STAMP_FIELDS), stampPage),
    writeRuntime: createRuntimeWriter(call, log, () => performance.now()),

    queues: async () => {
      const names = new Map<string, string>();
      for (let page = 0; ; page += 1) {
        const body = {
          only_fields: ['id', 'name'],
          search_hidden: true,
          order_by: ['id'],
          page,
          page_size: PAGE_SIZE,
        };
        const { queues } = await call('queues.get_all', body, queuePage);
        for (const { id, name } of queues) names.set(id, name);
        if (queues.length < PAGE_SIZE) return names;
      }
    },

    visibleTasks: async (token, ids) => {
      const visible = new Set<string>();
      for (let start = 0; start < ids.length; start += PAGE_SIZE) {
        const asked = ids.slice(start, start + PAGE_SIZE);
        const wanted = new Set(asked);
        const body = { id: asked, only_fields: ['id'], page: 0, page_size: PAGE_SIZE };
        const { tasks } = await callAs(token, 'tasks.get_all_ex', body, idPage);
        for (const { id } of tasks) if (wanted.has(id)) visible.add(id);
      }
      return visible;
    },

    currentUser: async (token) =>
      (await callAs(token, 'users.get_current_user', {}, currentUser)).user,
    loginWith: (accessKey, secretKey) => counted(logIn(transport, accessKey, secretKey)),
    logout: async (token) => {
      await callAs(token, 'auth.logout', {}, anything);
    },
    close: transport.close,
  };
}
