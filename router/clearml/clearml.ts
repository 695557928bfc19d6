import type { ModelEndpoints } from './model_endpoints.ts';
import type { SshKeys } from './ssh_keys.ts';
import type { TaskRow, TaskStamp } from './task_row.ts';
import type { TaskWork } from './task_work.ts';

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

/** What asking for a task, instead of its code, needs of ClearML. Every method throws as those of ClearmlAuthority do. */
export interface ClearmlTasks {
  /** Tasks of one page, at most 500; `page` starts at 0. */
  readonly tasks: (query: TaskQuery, page: number) => Promise<TaskPage<TaskRow>>;
  /** The task as the holder of the token sees it, without its runtime; undefined where they see none. */
  readonly taskSeenBy: (token: string, id: string) => Promise<TaskRow | undefined>;
  /** The running tasks of a user, newest first, as they see them themselves: `most` of them, and whether there are more. */
  readonly runningTasksOf: (
    token: string,
    userId: string,
    most: number,
  ) => Promise<{ readonly tasks: readonly TaskRow[]; readonly more: boolean }>;
  /** How one signs in at a running task's ssh server, as the holder of the token sees it; undefined where the task says nothing of it. */
  readonly sshKeys: (token: string, taskId: string) => Promise<SshKeys | undefined>;
  /**
   * Sets and removes keys of a task's runtime, with `tasks.edit_runtime` where the server has it. On older servers the runtime is read
   * again and written back as a whole: between these two calls another writer's change can be lost; they offer nothing better.
   *
   * @param remove keys that are to go, in whichever spelling the server stored them.
   */
  readonly writeRuntime: (
    taskId: string,
    values: Readonly<Record<string, string>>,
    remove?: readonly string[],
  ) => Promise<void>;
  /** Sets or takes away the system tag of tasks that ask; the others stay. Nothing is written where it is as it should be. */
  readonly setAskingTag: (taskId: string, asks: boolean) => Promise<void>;
  /** Queue names by id. */
  readonly queues: () => Promise<ReadonlyMap<string, string>>;
}

/** The ClearML API, as far as the router needs it. Every method throws as those of ClearmlAuthority do. */
export interface ClearMl extends ClearmlAuthority, ClearmlTasks {
  /** As `tasks`, but only which tasks there are and when each was changed: a fraction of the work for server and router. */
  readonly taskStamps: (query: TaskQuery, page: number) => Promise<TaskPage<TaskStamp>>;
  /** What ClearML knows of whether a task works; undefined where there is no such task. */
  readonly taskWork: (taskId: string) => Promise<TaskWork | undefined>;
  /** `tasks.stop`, which fails for a task that does not run. @param reason what ClearML shows beside its status. */
  readonly stopTask: (taskId: string, reason: string) => Promise<void>;
  readonly modelEndpoints: ModelEndpoints;
  /** Names of the company's users by id: of that of the router's account, or of whoever holds this token. */
  readonly users: (token?: string) => Promise<ReadonlyMap<string, string>>;

  /** Ends kept connections and timers. */
  readonly close: () => void;
}
