import { ASKING_TAG } from '../../router/clearml/asking_tag.ts';
import type { ClearMl, ClearmlTasks } from '../../router/clearml/clearml.ts';
import type { SshKeys } from '../../router/clearml/ssh_keys.ts';
import type { TaskRow } from '../../router/clearml/task_row.ts';
import type { RouteSource } from '../../router/routes/model/table.ts';
import type { Authority } from './auth_fixture.ts';

/** Stands in for the ClearML of the pages where tasks are asked for: those of the routes, which all run. Who sees which says the authority. */
export class AskedTasks implements ClearmlTasks, Pick<ClearMl, 'users'> {
  readonly runtimes = new Map<string, Map<string, string>>();
  readonly tagged = new Set<string>();
  readonly sshKeysOf = new Map<string, SshKeys>();
  readonly #authority: Authority;
  readonly #routes: RouteSource;

  constructor(authority: Authority, routes: RouteSource) {
    this.#authority = authority;
    this.#routes = routes;
  }

  #row(id: string): TaskRow | undefined {
    const found = [...this.#routes.current().endpoints.values()].find(({ task }) => task.id === id);
    if (found === undefined) return undefined;
    const systemTags = this.tagged.has(id) ? [ASKING_TAG] : [];
    const runtime = this.runtimes.get(id) ?? new Map<string, string>();
    return {
      ...found.task,
      status: 'in_progress',
      systemTags,
      changedAt: undefined,
      lastUsed: undefined,
      runtime,
    };
  }

  readonly tasks: ClearmlTasks['tasks'] = async ({ ids = [] }) => {
    const tasks = ids.map((id) => this.#row(id)).filter((row) => row !== undefined);
    return { tasks, unreadable: 0, last: true };
  };

  readonly taskSeenBy: ClearmlTasks['taskSeenBy'] = async (token, id) => {
    const seen = await this.#authority.visibleTasks(token, [id]);
    return seen.has(id) ? this.#row(id) : undefined;
  };

  /** Tests replace it. */
  runningTasksOf: ClearmlTasks['runningTasksOf'] = async (token, userId, most) => {
    const ids = [...this.#routes.current().endpoints.values()].map(({ task }) => task.id);
    const seen = await this.#authority.visibleTasks(token, [...new Set(ids)]);
    const rows = [...seen].map((id) => this.#row(id)).filter((row) => row?.userId === userId);
    const tasks = rows.filter((row) => row !== undefined);
    return { tasks: tasks.slice(0, most), more: tasks.length > most };
  };

  readonly writeRuntime: ClearmlTasks['writeRuntime'] = async (id, values, remove = []) => {
    const kept = [...(this.runtimes.get(id) ?? [])].filter(([key]) => !remove.includes(key));
    this.runtimes.set(id, new Map([...kept, ...Object.entries(values)]));
  };

  readonly setAskingTag: ClearmlTasks['setAskingTag'] = async (id, asks) => {
    if (asks) this.tagged.add(id);
    else this.tagged.delete(id);
  };

  readonly users: ClearMl['users'] = (token) => this.#authority.users(token);

  readonly sshKeys: ClearmlTasks['sshKeys'] = async (token, id) => {
    const seen = await this.#authority.visibleTasks(token, [id]);
    return seen.has(id) ? this.sshKeysOf.get(id) : undefined;
  };

  readonly queues: ClearmlTasks['queues'] = async () => new Map();
}
