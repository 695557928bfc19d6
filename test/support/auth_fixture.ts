import { SignJWT } from 'jose';
import { Registry } from 'prom-client';
import type { Auth } from '../../router/auth/auth.ts';
import { createAuth } from '../../router/auth/auth.ts';
import type { ClearMl, ClearmlAuthority, OwnLogin } from '../../router/clearml/clearml.ts';
import type { TaskRow } from '../../router/clearml/task_row.ts';
import type { Shares } from '../../router/auth/sharing/shares.ts';
import type { GateRequest } from '../../router/auth/identity/request.ts';
import { RouterError } from '../../router/errors.ts';
import type { Endpoint } from '../../router/routes/model/endpoint.ts';
import type { RoutesState } from '../../router/routes/routes.ts';
import type { RouteSource, RouteTable, StaticRoute } from '../../router/routes/model/table.ts';
import { EMPTY_TABLE } from '../../router/routes/model/table.ts';
import type { Settings } from '../../router/settings/settings.ts';
import { readSettings } from '../../router/settings/settings.ts';
import { createSharedStateFor } from '../../router/state/for_settings.ts';
import type { SharedState } from '../../router/state/shared_state.ts';
import type { Log } from '../../router/telemetry/log.ts';
import { createLog } from '../../router/telemetry/log.ts';
import type { Metrics } from '../../router/telemetry/metrics.ts';
import { createMetrics } from '../../router/telemetry/metrics.ts';

export const SECRET = 'a-signing-secret-of-the-server-0123456789';
export const COMPANY = 'c0ffee00000000000000000000000000';
export const CLEARML_COOKIE = 'clearml_token_basic';

/** Claims of a token as the server makes them; a test changes what it is about. */
export function claims(user: string, now = Date.now()): Record<string, unknown> {
  return {
    identity: {
      user,
      company: COMPANY,
      role: 'user',
      user_name: `${user} name`,
      company_name: 'c',
    },
    session_id: `${user}-session`,
    auth_type: 'Bearer',
    env: 'test',
    iat: Math.floor(now / 1000),
    exp: Math.floor(now / 1000) + 3600,
  };
}

export async function sign(
  payload: Record<string, unknown>,
  secret: string | Uint8Array = SECRET,
  header: Record<string, unknown> = {},
): Promise<string> {
  const key = typeof secret === 'string' ? Buffer.from(secret) : secret;
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'JWT', ...header }).sign(key);
}

export const tokenOf = (user: string, now?: number) => sign(claims(user, now));

export const taskId = (digit: string) => digit.repeat(32);

export function endpoint(id: string, owner = 'owner'): Endpoint {
  return {
    id,
    name: id.length > 32 ? id.slice(34) : undefined,
    label: id.replace('__', '--'),
    task: {
      id: id.slice(0, 32),
      name: 'a task',
      type: 'training',
      projectName: undefined,
      userId: owner,
      companyId: COMPANY,
      queueId: undefined,
      startedAt: 1,
    },
    access: undefined,
    http: { state: 'open', upstream: { address: '10.0.0.1', family: 4, port: 8888 } },
    tcp: undefined,
  };
}

export function staticRoute(
  name: string,
  access: StaticRoute['access'],
  endpoints: readonly Endpoint[],
  type: StaticRoute['type'] = 'path',
): StaticRoute {
  return {
    name,
    type,
    match: type === 'path' ? name : `${name}.example.com`,
    access,
    loadBalanced: false,
    enabled: true,
    status: endpoints.length > 0 ? 'routing' : 'pending',
    endpoints,
  };
}

export function table(
  endpoints: readonly Endpoint[],
  statics: readonly StaticRoute[] = [],
): RouteTable {
  const of = (type: StaticRoute['type']) =>
    new Map(statics.filter((route) => route.type === type).map((route) => [route.match, route]));
  return {
    ...EMPTY_TABLE,
    version: 1,
    endpoints: new Map(endpoints.map((one) => [one.id, one])),
    staticPaths: of('path'),
    staticHosts: of('subdomain'),
  };
}

/** A route source whose table a test swaps. */
export class Routes implements RouteSource {
  #table: RouteTable;
  readonly #listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();

  constructor(first: RouteTable) {
    this.#table = first;
  }

  readonly current = () => this.#table;
  readonly state = (): RoutesState => ({
    ready: true,
    leader: true,
    holder: undefined,
    lastError: undefined,
    lastFailure: undefined,
    problems: [],
    portsLeft: undefined,
  });
  /** By the id of the task; milliseconds since the epoch. */
  readonly stampedUses = new Map<string, number>();
  readonly stampedUse = (taskId: string): number => this.stampedUses.get(taskId) ?? 0;
  readonly subscribe = (listener: (next: RouteTable, previous: RouteTable) => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  swap(next: RouteTable): void {
    const previous = this.#table;
    this.#table = next;
    for (const listener of this.#listeners) listener(next, previous);
  }
}

/** Stands in for ClearML's answers: who sees what, which tokens are refused, whether it is there at all. Counts calls. */
export class Authority
  implements ClearmlAuthority, Pick<ClearMl, 'users' | 'tasks' | 'taskSeenBy'>
{
  readonly sees = new Map<string, Set<string>>();
  readonly refused = new Set<string>();
  readonly credentials = new Map<string, string>();
  /** What users of the company are called, by id. */
  readonly names = new Map<string, string>();
  readonly loggedOut: string[] = [];
  readonly questions: string[][] = [];
  /** What it says of tasks, by id: status and start. */
  readonly words = new Map<string, Pick<TaskRow, 'status' | 'startedAt'>>();
  /** Of which tasks that was asked. */
  readonly wordsAsked: string[] = [];
  state: 'here' | 'away' | 'silent' = 'here';
  /** False: as the open-source server, which takes a token on after its logout. */
  logoutRevokes = true;
  calls = 0;
  #login: OwnLogin | undefined;
  readonly #listeners = new Set<(login: OwnLogin) => void>();

  /** Lets a user's token see tasks; with no task at all the token is simply accepted. */
  grant(token: string, ...tasks: readonly string[]): void {
    this.sees.set(token, new Set([...(this.sees.get(token) ?? []), ...tasks]));
  }

  login(login: OwnLogin): void {
    this.#login = login;
    for (const listener of this.#listeners) listener(login);
  }

  async #call(token: string): Promise<Set<string>> {
    this.calls += 1;
    if (this.state === 'silent') await new Promise(() => {});
    await Promise.resolve();
    if (this.state === 'away') throw new RouterError('CLEARML_UNAVAILABLE', 'away');
    const seen = this.sees.get(token);
    if (this.refused.has(token) || seen === undefined) {
      throw new RouterError('CLEARML_UNAUTHORIZED', 'refused');
    }
    return seen;
  }

  readonly visibleTasks = async (token: string, ids: readonly string[]) => {
    this.questions.push([...ids]);
    const seen = await this.#call(token);
    return new Set(ids.filter((id) => seen.has(id)));
  };

  readonly currentUser = async (token: string) => {
    await this.#call(token);
    return { id: 'id', name: 'name' };
  };

  readonly loginWith = async (accessKey: string, secretKey: string) => {
    this.calls += 1;
    if (this.state !== 'here') throw new RouterError('CLEARML_UNAVAILABLE', 'away');
    const token = this.credentials.get(`${accessKey}:${secretKey}`);
    if (token === undefined) throw new RouterError('CLEARML_UNAUTHORIZED', 'wrong credentials');
    return { token };
  };

  readonly logout = async (token: string) => {
    await this.#call(token);
    this.loggedOut.push(token);
    if (this.logoutRevokes) this.refused.add(token);
  };

  readonly users = async (token?: string) => {
    if (token !== undefined) await this.#call(token);
    return new Map(this.names);
  };

  readonly tasks: ClearMl['tasks'] = async ({ ids = [] }) => {
    this.wordsAsked.push(...ids);
    if (this.state !== 'here') throw new RouterError('CLEARML_UNAVAILABLE', 'away');
    const rows = ids.flatMap((id): TaskRow[] => {
      const word = this.words.get(id);
      const { task } = endpoint(id);
      const runtime = new Map<string, string>();
      const rest = { changedAt: undefined, lastUsed: undefined, systemTags: [], runtime };
      return word === undefined ? [] : [{ ...task, ...rest, ...word }];
    });
    return { tasks: rows, unreadable: 0, last: true };
  };

  readonly taskSeenBy: ClearMl['taskSeenBy'] = async (token, id) => {
    const seen = await this.visibleTasks(token, [id]);
    return seen.has(id) ? (await this.tasks({ ids: [id] }, 0)).tasks[0] : undefined;
  };

  readonly onLogin = (listener: (login: OwnLogin) => void) => {
    this.#listeners.add(listener);
    if (this.#login !== undefined) listener(this.#login);
    return () => this.#listeners.delete(listener);
  };
}

/** The auth room, and what its pages are made of. */
export interface Lab {
  readonly settings: Settings;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly auth: Auth;
  readonly clearml: Authority;
  readonly routes: Routes;
  readonly registry: Registry;
  readonly lines: string[];
  /** Moves the clock that the auth room reads; timers are not touched. */
  readonly pass: (milliseconds: number) => void;
  readonly now: () => number;
  /** How far `pass` moved it. Of whoever reads this as their clock, a slow machine takes no time. */
  readonly passed: () => number;
}

/** The auth room with all but ClearML and the routes real. */
export async function lab(
  routeTable: RouteTable,
  environment: Record<string, string> = {},
  /** In place of STATE_FILE. */
  shared?: (log: Log) => SharedState,
  /** What owners have given to others; left out, nothing. */
  shares?: Shares,
): Promise<Lab> {
  let offset = 0;
  const now = () => Date.now() + offset;
  const clearml = new Authority();
  const routes = new Routes(routeTable);
  const registry = new Registry();
  const lines: string[] = [];
  const settings = readSettings({
    ROUTER_URL: 'https://router.example.com',
    CLEARML_API_HOST: 'https://api.clear.example.com',
    CLEARML_API_ACCESS_KEY: 'access',
    CLEARML_API_SECRET_KEY: 'secret',
    AUTH_BASE64_JWKS_KEY: SECRET,
    ACCESS_DEFAULT: 'visible',
    ...environment,
  });
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const metrics = createMetrics(registry);
  const state = shared?.(log) ?? createSharedStateFor(settings, {}, log);
  const auth = createAuth({ settings, routes, clearml, log, metrics, state, shares, now });
  clearml.login({ token: await tokenOf('router'), cookieName: CLEARML_COOKIE });
  while (auth.keyState() === 'unsettled') await new Promise(setImmediate);
  return {
    settings,
    log,
    metrics,
    auth,
    clearml,
    routes,
    registry,
    lines,
    now,
    passed: () => offset,
    pass: (milliseconds) => {
      offset += milliseconds;
    },
  };
}

/** A request for an endpoint in path form. */
export function request(id: string, headers: readonly string[] = []): GateRequest {
  return {
    target: { kind: 'endpoint', form: 'path', id, cut: 9 + id.length },
    kind: 'request',
    method: 'GET',
    rawHeaders: ['Host', 'router.example.com', ...headers],
    rawUrl: `/service/${id}/x?y=1`,
    host: 'router.example.com',
    clientAddress: '192.0.2.1',
  };
}

export const bearer = (token: string) => ['Authorization', `Bearer ${token}`];
export const cookie = (token: string, name = CLEARML_COOKIE) => ['Cookie', `${name}=${token}`];
export const NAVIGATION = ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
