import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { readApiAnswer } from './api_answer.ts';
import { ASKING_TAG, createTagWriter } from './asking_tag.ts';
import type { ClearMl, TaskPage, TaskQuery } from './clearml.ts';
import { logIn } from './login.ts';
import { createOwnLogin } from './own_login.ts';
import { createRuntimeWriter } from './runtime_writer.ts';
import { createModelEndpoints } from './model_endpoints.ts';
import { SEEN_FIELDS, STAMP_FIELDS, TASK_FIELDS, taskRow, taskStamp } from './task_row.ts';
import { createWorkReader } from './task_work.ts';
import { SSH_FIELDS, sshKeysOf, sshPage } from './ssh_keys.ts';
import { createTransport, type Transport, type TransportOptions } from './transport.ts';

export interface ClearMlOptions extends TransportOptions {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly log: Log;
  readonly metrics?: Pick<Metrics, 'clearmlCalls'> | undefined;
}

/**
 * Connections for each kind of call, so that strangers who sign in and questions about users' rights delay neither each other nor
 * the looks of the reconciler.
 */
const SOCKETS = { own: 16, access: 32, signIn: 32, signOut: 8 };

/** The server cuts longer pages to this length. */
export const PAGE_SIZE = 500;

/** A server that repeats its pages without end must not fill the memory. */
const MOST_PAGES = 200;

const anything = z.unknown();
const taskPage = pageOfTasks(taskRow);
const stampPage = pageOfTasks(taskStamp);
const idPage = z.object({ tasks: z.array(z.object({ id: z.string() })) });
const queuePage = z.object({ queues: z.array(z.object({ id: z.string(), name: z.string() })) });
const userPage = z.object({
  users: z.array(z.object({ id: z.string(), name: z.string().catch('') })),
});
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

/** A stable order: pages of a list that moves neither repeat nor leave out more than what moved. */
function paging(page: number): object {
  return { order_by: ['id'], page, page_size: PAGE_SIZE };
}

/** All that a list of named things holds, page by page. */
async function namesById(
  list: (page: object) => Promise<readonly { readonly id: string; readonly name: string }[]>,
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const found = await list({ only_fields: ['id', 'name'], ...paging(page) });
    for (const { id, name } of found) names.set(id, name);
    if (found.length < PAGE_SIZE) break;
  }
  return names;
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
  const own = createTransport({ ...options, maxSockets: SOCKETS.own });
  const access = createTransport({ ...options, maxSockets: SOCKETS.access });
  const signIn = createTransport({ ...options, maxSockets: SOCKETS.signIn });
  const signOut = createTransport({ ...options, maxSockets: SOCKETS.signOut });

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
    const login = await counted(logIn(own, options.accessKey, options.secretKey)).catch(
      (error: unknown) => {
        throw isUnauthorized(error) ? wrongCredentials(options.apiHost, error) : error;
      },
    );
    log.info({ event: 'clearml_login', cookie: login.cookieName }, 'Logged in to ClearML');
    return login;
  });

  /** One call with somebody's token. */
  const callAs = <S extends z.ZodType>(
    transport: Transport,
    token: string,
    call: string,
    body: object,
    schema: S,
  ) =>
    counted(
      transport
        .post(call, `Bearer ${token}`, JSON.stringify(body))
        .then((answer) => readApiAnswer(call, answer, schema)),
    );

  /** One call with the router's own login; a refused token is replaced once. */
  const call = async <S extends z.ZodType>(name: string, body: object, schema: S) => {
    const { token } = await ownLogin.get();
    try {
      return await callAs(own, token, name, body, schema);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
      ownLogin.refused(token);
      const { token: renewed } = await ownLogin.get();
      return callAs(own, renewed, name, body, schema);
    }
  };

  const pageOf = async <T>(
    query: TaskQuery,
    page: number,
    fields: readonly string[],
    schema: z.ZodType<TaskPage<T>>,
  ): Promise<TaskPage<T>> => {
    // An empty list of ids filters nothing: the answer would be every task.
    if (query.ids?.length === 0) return { tasks: [], unreadable: 0, last: true };
    const body = { ...taskFilter(query), only_fields: fields, ...paging(page) };
    return call('tasks.get_all_ex', body, schema);
  };

  return {
    onLogin: ownLogin.onLogin,

    tasks: (query, page) => pageOf(query, page, TASK_FIELDS, taskPage),
    taskStamps: (query, page) => pageOf(query, page, STAMP_FIELDS, stampPage),
    writeRuntime: createRuntimeWriter(call, log, () => performance.now()),
    setAskingTag: createTagWriter(call),
    taskWork: createWorkReader(call),
    modelEndpoints: createModelEndpoints(call),
    stopTask: async (task, reason) => {
      await call('tasks.stop', { task, status_reason: reason, force: false }, anything);
    },

    taskSeenBy: async (token, id) => {
      const body = { id: [id], only_fields: SEEN_FIELDS, page: 0, page_size: 1 };
      const { tasks } = await callAs(access, token, 'tasks.get_all_ex', body, taskPage);
      return tasks.find((task) => task.id === id);
    },
    runningTasksOf: async (token, userId, most) => {
      const body = {
        user: [userId],
        status: ['in_progress'],
        only_fields: SEEN_FIELDS,
        order_by: ['-started', 'id'],
        page: 0,
        page_size: most + 1,
      };
      const found = await callAs(access, token, 'tasks.get_all_ex', body, taskPage);
      const tasks = found.tasks.filter((task) => task.userId === userId);
      return { tasks: tasks.slice(0, most), more: tasks.length > most };
    },

    sshKeys: async (token, id) => {
      const body = { id: [id], only_fields: SSH_FIELDS, page: 0, page_size: 1 };
      return sshKeysOf(await callAs(access, token, 'tasks.get_all_ex', body, sshPage), id);
    },

    queues: () =>
      namesById(async (page) => {
        const body = { ...page, search_hidden: true };
        return (await call('queues.get_all', body, queuePage)).queues;
      }),
    users: (token) =>
      namesById(async (page) => {
        const answer =
          token === undefined
            ? call('users.get_all', page, userPage)
            : callAs(access, token, 'users.get_all', page, userPage);
        return (await answer).users;
      }),

    visibleTasks: async (token, ids) => {
      const visible = new Set<string>();
      for (let start = 0; start < ids.length; start += PAGE_SIZE) {
        const asked = ids.slice(start, start + PAGE_SIZE);
        const wanted = new Set(asked);
        const body = { id: asked, only_fields: ['id'], page: 0, page_size: PAGE_SIZE };
        const { tasks } = await callAs(access, token, 'tasks.get_all_ex', body, idPage);
        for (const { id } of tasks) if (wanted.has(id)) visible.add(id);
      }
      return visible;
    },

    currentUser: async (token) =>
      (await callAs(access, token, 'users.get_current_user', {}, currentUser)).user,
    loginWith: (accessKey, secretKey) => counted(logIn(signIn, accessKey, secretKey)),
    logout: async (token) => {
      await callAs(signOut, token, 'auth.logout', {}, anything);
    },
    close: () => {
      for (const transport of [own, access, signIn, signOut]) transport.close();
    },
  };
}
