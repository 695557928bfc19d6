import { EventEmitter, once } from 'node:events';
import type {
  CompanyRecord,
  Credentials,
  ProjectRecord,
  QueueRecord,
  Role,
  StaticRouteRecord,
  TaskRecord,
  UserRecord,
} from './records.ts';
import type { Document } from './document.ts';
import type { ResolvedOptions } from './options.ts';
import type { Seed } from './seed.ts';

/** A user with what only the server knows of it. */
export interface Account {
  readonly user: UserRecord;
  readonly role: Role;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly credentials: readonly Credentials[];
}

/**
 * The one owner of everything that the server remembers. Records are immutable: a change puts a new record in the
 * place of the old one and raises `version`.
 */
export class State {
  readonly companies = new Map<string, CompanyRecord>();
  readonly queues = new Map<string, QueueRecord>();
  readonly projects = new Map<string, ProjectRecord>();
  readonly models = new Map<string, Document>();
  readonly routes: StaticRouteRecord[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #byAccessKey = new Map<string, Account>();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #visibility = new Map<string, ReadonlySet<string>>();
  readonly #revoked = new Set<string>();
  readonly #changes = new EventEmitter();
  #version = 0;

  readonly #everybodySeesAll: boolean;

  constructor(
    seed: Seed,
    now: string,
    { edition, serverVersion }: Pick<ResolvedOptions, 'edition' | 'serverVersion'>,
  ) {
    this.#everybodySeesAll = edition === 'open-source';
    this.#changes.setMaxListeners(0);
    for (const company of seed.companies) this.companies.set(company.id, company);
    for (const { id, name, company, role, username, password, credentials } of seed.users) {
      this.putAccount({
        user: {
          id,
          name,
          company,
          ...partsOf(name),
          created: now,
          created_in_version: serverVersion,
        },
        role,
        username,
        password,
        credentials: credentials ?? [],
      });
    }
    for (const queue of seed.queues ?? []) {
      this.queues.set(queue.id, { ...queue, created: now, tags: [], system_tags: [], entries: [] });
    }
    for (const project of seed.projects ?? []) {
      this.projects.set(project.id, { ...project, basename: project.name, created: now });
    }
    this.routes.push(...(seed.routes ?? []));
  }

  /** Raised by each change of a task or of what users may see of it. */
  get version(): number {
    return this.#version;
  }

  account(userId: string): Account | undefined {
    return this.#accounts.get(userId);
  }

  accounts(): IterableIterator<Account> {
    return this.#accounts.values();
  }

  accountOfAccessKey(accessKey: string): Account | undefined {
    return this.#byAccessKey.get(accessKey);
  }

  putAccount(account: Account): void {
    this.removeAccount(account.user.id);
    this.#accounts.set(account.user.id, account);
    for (const { accessKey } of account.credentials) this.#byAccessKey.set(accessKey, account);
  }

  removeAccount(userId: string): void {
    const account = this.#accounts.get(userId);
    if (account === undefined) return;
    this.#accounts.delete(userId);
    for (const { accessKey } of account.credentials) this.#byAccessKey.delete(accessKey);
  }

  task(id: string): TaskRecord | undefined {
    return this.#tasks.get(id);
  }

  tasks(): IterableIterator<TaskRecord> {
    return this.#tasks.values();
  }

  putTask(task: TaskRecord): TaskRecord {
    this.#tasks.set(task.id, task);
    this.#changed();
    return task;
  }

  removeTask(id: string): boolean {
    const removed = this.#tasks.delete(id);
    this.#visibility.delete(id);
    if (removed) this.#changed();
    return removed;
  }

  /**
   * Narrows who of the company sees a task, as an enterprise server's permissions do; its administrators always do.
   * Undefined opens it again to the whole company.
   *
   * @throws Error in the open-source character, which cannot hide a task from anybody.
   */
  restrictTask(id: string, userIds: readonly string[] | undefined): void {
    if (this.#everybodySeesAll) {
      throw new Error(
        "Everybody sees all tasks here: start the stand-in with edition 'enterprise'.",
      );
    }
    if (userIds === undefined) this.#visibility.delete(id);
    else this.#visibility.set(id, new Set(userIds));
    this.#changed();
  }

  /** Whether a restriction hides the task from a user. The company is not looked at here. */
  hidden(taskId: string, userId: string, role: Role): boolean {
    if (this.#visibility.size === 0 || role === 'admin' || role === 'system' || role === 'root') {
      return false;
    }
    const users = this.#visibility.get(taskId);
    return users !== undefined && !users.has(userId);
  }

  revokeSession(sessionId: string): void {
    this.#revoked.add(sessionId);
  }

  isRevoked(sessionId: string | undefined): boolean {
    return sessionId !== undefined && this.#revoked.has(sessionId);
  }

  /** Resolves once `look` gives something else than undefined, looking at each change. Rejects when the signal aborts. */
  async when<T>(look: () => T | undefined, signal: AbortSignal): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await once(this.#changes, 'change', { signal });
    }
  }

  #changed(): void {
    this.#version += 1;
    this.#changes.emit('change');
  }
}

/** A name as the server takes it apart at its first space. */
function partsOf(name: string): { readonly given_name: string; readonly family_name: string } {
  const [given = '', ...family] = name.split(' ');
  return { given_name: given, family_name: family.join(' ') };
}
