import type { TaskRow, TaskStamp } from './task_row.ts';

/** The router's own login: what the server answered to CLEARML_API_ACCESS_KEY and CLEARML_API_SECRET_KEY. */
export interface OwnLogin {
  readonly token: string;
  /** Name of the auth cookie that the answer set; undefined where it set none. */
  readonly cookieName: string | undefined;
}

/** Which tasks a look asks for. */
export interface TaskQuery {
  /** Only tasks that asked for access (system tag `external_service`) and run. */
  readonly running?: boolean;
  /** Only tasks that asked and were changed at or after this moment, whatever their status: ISO 8601. */
  readonly changedSince?: string;
  /** Only these tasks, whatever their tags and status; at most 500. */
  readonly ids?: readonly string[];
}

/** One page of a list of tasks. */
export interface TaskPage<T> {
  readonly tasks: readonly T[];
  /** Entries that lack what every task has, an id above all: they say nothing, and are left out. */
  readonly unreadable: number;
  /** There is no page after this one. */
  readonly last: boolean;
}

/**
 * What sign-in and access decisions ask of ClearML. Every method throws `RouterError` with a CLEARML_… code: UNAVAILABLE when it is
 * away, UNAUTHORIZED when it refuses token or credentials, REFUSED for its other errors, CALL_UNKNOWN where the server is too old
 * for the call, ANSWER_INVALID for answers outside the contract.
 */
export interface ClearmlAuthority {
  /** Which of these task ids may the holder of the token see. */
  readonly visibleTasks: (token: string, ids: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Does the server still accept this token, and whose is it. */
  readonly currentUser: (token: string) => Promise<{ readonly id: string; readonly name: string }>;
  /** `auth.login` with somebody's access key and secret (or user name and password on servers with fixed users). */
  readonly loginWith: (accessKey: string, secretKey: string) => Promise<{ readonly token: string }>;
  /** `auth.logout`: the server refuses this token from now on. */
  readonly logout: (token: string) => Promise<void>;
  /**
   * Calls the listener with the router's own login: at once if there was one already, and after each later one. Returns the function
   * that ends this.
   */
  readonly onLogin: (listener: (login: OwnLogin) => void) => () => void;
}

/** The ClearML API, as far as the router needs it. Every method throws as those of ClearmlAuthority do. */
export interface ClearMl extends ClearmlAuthority {
  /** Tasks of one page, at most 500; `page` starts at 0. */
  readonly tasks: (query: TaskQuery, page: number) => Promise<TaskPage<TaskRow>>;
  /** The same, but only which tasks there are and when each was changed: a fraction of the work for server and router. */
  readonly taskStamps: (query: TaskQuery, page: number) => Promise<TaskPage<TaskStamp>>;
  /**
   * Sets keys of a task's runtime, with `tasks.edit_runtime` where the server has it. On older servers the runtime is read again
   * and written back as a whole: between these two calls another writer's change can be lost; they offer nothing better.
   */
  readonly writeRuntime: (
    taskId: string,
    values: Readonly<Record<string, string>>,
  ) => Promise<void>;
  /** Queue names by id. */
  readonly queues: () => Promise<ReadonlyMap<string, string>>;
  /** Names of the company's users by id. */
  readonly users: () => Promise<ReadonlyMap<string, string>>;

  /** Ends kept connections and timers. */
  readonly close: () => void;
}
