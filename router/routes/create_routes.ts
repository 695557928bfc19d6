import { RouterError } from '../errors.ts';
import type { AddressRules } from './address.ts';
import { endpointAnswers, missingAnswers } from './answers.ts';
import { createAnswerWriter, type Edit } from './answer_writer.ts';
import { assemble, type Assembly, type RoutedTask } from './assembly.ts';
import { draftTask, type DraftRules, type TaskDraft } from './draft.ts';
import { createFights } from './fights.ts';
import { findForbiddenAddresses } from './forbidden_addresses.ts';
import { createLooker } from './look.ts';
import { createPortPool } from './port_pool.ts';
import { createQueueFilter } from './queue_filter.ts';
import { reportChanges } from './report.ts';
import type { CreateRoutes, RoutesParts } from './routes.ts';
import { readStaticRoutes, staticRouteUrl } from './static_routes.ts';
import { EMPTY_TABLE, type RouteTable } from './table.ts';

/** How often host names of forbidden addresses are resolved again. Milliseconds. */
const FORBIDDEN_EVERY = 30_000;
/** Longest pause between two looks while ClearML does not answer. Milliseconds. */
const LONGEST_BACKOFF = 5_000;

const NOTHING: Assembly = { tasks: new Map(), table: EMPTY_TABLE, portless: [] };

function portPoolOf({ settings, ports }: RoutesParts) {
  const { TCP_ROUTER_ADDRESS, TCP_PORT_START: start, TCP_PORT_END: end } = settings;
  const complete = TCP_ROUTER_ADDRESS !== undefined && start !== undefined && end !== undefined;
  if (!complete) return undefined;
  const rest = Math.max(2 * settings.POLL_INTERVAL, 1_000);
  return createPortPool({ start, end, binder: ports, rest });
}

/** Looks at ClearML for ever, and keeps the route table and the answers in the tasks true to what it says. */
export const createRoutes: CreateRoutes = (parts) => {
  const { settings, clearml, log, metrics, leadership } = parts;
  const pool = portPoolOf(parts);
  const staticRoutes =
    settings.STATIC_ROUTES_FILE === undefined
      ? []
      : readStaticRoutes(settings.STATIC_ROUTES_FILE, settings.ROUTER_URL);
  const staticUrls = new Map(
    staticRoutes.map((rule) => [rule.name, staticRouteUrl(rule, settings.ROUTER_URL)]),
  );
  const answerRules = {
    routerName: settings.ROUTER_NAME,
    routerUrl: settings.ROUTER_URL,
    wildcardHost: settings.ROUTER_WILDCARD_HOST,
    tcpAddress: settings.TCP_ROUTER_ADDRESS,
  };
  const looker = createLooker({ clearml });
  const queues = createQueueFilter(clearml, settings.LISTEN_QUEUE_NAME);
  const fights = createFights(settings.ROUTER_NAME);
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  const firstLook = Promise.withResolvers<void>();

  let table = EMPTY_TABLE;
  let assembly = NOTHING;
  const drafts = new Map<string, TaskDraft>();
  let addressRules: AddressRules | undefined;
  let addressesDue = 0;
  /** Tasks that changed since they were last drafted; kept over a look that fails half-way. */
  const changed = new Set<string>();
  let led: boolean | undefined;
  let lastError: string | undefined;
  let failures = 0;
  /** Tasks whose answers stood once: what is missing there now was lost, and is restored. */
  const stood = new Set<string>();

  const writer = createAnswerWriter({
    clearml,
    log,
    mayWrite: leadership.isLeader,
    written: (taskId) => {
      fights.answered(taskId);
      if (stood.delete(taskId)) metrics.answersRestored.inc();
    },
  });

  const publish = (next: RouteTable): void => {
    const previous = table;
    table = next;
    for (const listener of listeners) listener(next, previous);
  };

  const refreshAddressRules = async (): Promise<boolean> => {
    if (addressRules !== undefined && performance.now() < addressesDue) return false;
    addressesDue = performance.now() + FORBIDDEN_EVERY;
    const found = await findForbiddenAddresses(settings, parts.kubernetesHost);
    const before = addressRules;
    const same =
      before?.forbiddenServices.size === found.forbiddenServices.size &&
      [...found.forbiddenServices].every((service) => before.forbiddenServices.has(service));
    if (!same) addressRules = { networks: settings.TASK_NETWORKS, ...found };
    return !same;
  };

  const draftRules = (): DraftRules => {
    if (addressRules === undefined) throw new Error('tasks are read before the address rules');
    return {
      addresses: addressRules,
      tcpAddress: pool === undefined ? undefined : settings.TCP_ROUTER_ADDRESS,
      inRange: (port) => pool?.inRange(port) ?? false,
      held: (id) => pool?.held(id),
    };
  };

  /** Reads changed tasks anew; all of them when what is allowed or served has changed. */
  const redraft = (everything: boolean): void => {
    const rules = draftRules();
    if (everything) for (const id of [...looker.rows.keys(), ...drafts.keys()]) changed.add(id);
    for (const id of changed) {
      const row = looker.rows.get(id);
      const before = drafts.get(id)?.task;
      if (row !== undefined && queues.admits(row)) drafts.set(id, draftTask(row, rules, before));
      else drafts.delete(id);
    }
  };

  const answersOf = ({ draft, endpoints }: RoutedTask): ReadonlyMap<string, string> =>
    new Map(
      endpoints.flatMap((endpoint, index) => {
        const name = draft.endpoints[index]?.http?.staticRoute;
        const url = name === undefined ? undefined : staticUrls.get(name);
        return endpointAnswers(endpoint, url, answerRules);
      }),
    );

  /** Which answers do not stand, as of a look that began at `lookedAt`. */
  const editsNeeded = (lookedAt: number): readonly Edit[] => {
    const edits: Edit[] = [];
    for (const [taskId, routed] of assembly.tasks) {
      const { runtime } = routed.draft.row;
      const values = missingAnswers(answersOf(routed), runtime);
      if (values === undefined) {
        stood.add(taskId);
        continue;
      }
      if (writer.unsettledSince(taskId, lookedAt)) continue;
      if (fights.mayAnswer(taskId, runtime.get('router_name'))) edits.push({ taskId, values });
    }
    return edits;
  };

  const problems = (): readonly string[] => {
    const unusable = pool?.unusable() ?? [];
    return [
      ...queues.problems(),
      ...fights.problems(),
      ...(assembly.portless.length === 0
        ? []
        : [
            `the TCP port range ${settings.TCP_PORT_START} to ${settings.TCP_PORT_END} is exhausted; ${assembly.portless.length} endpoints wait for a port`,
          ]),
      ...(unusable.length === 0 ? [] : [`TCP ports that cannot be bound: ${unusable.join(', ')}`]),
    ];
  };

  const reconcile = async (): Promise<void> => {
    const lookedAt = performance.now();
    for (const id of await looker.look()) changed.add(id);
    const queuesChanged = await queues.refresh(looker.rows.values());
    const addressesChanged = await refreshAddressRules();
    const leading = leadership.isLeader();
    const everything = queuesChanged || addressesChanged || led !== leading;
    const waiting = assembly.portless.length > 0;
    led = leading;
    if (everything || changed.size > 0) redraft(everything);
    if (everything || changed.size > 0 || waiting || table.version === 0) {
      assembly = await assemble(drafts.values(), table.endpoints, { pool, leading, staticRoutes });
      changed.clear();
      const version = table.version + 1;
      const next = { version, stale: false, problems: problems(), confirmedAt: Date.now() };
      const previous = table;
      publish({ ...assembly.table, ...next });
      pool?.releaseFreed();
      reportChanges(log, table, previous);
      fights.retain(assembly.tasks);
      for (const id of stood) if (!assembly.tasks.has(id)) stood.delete(id);
    } else {
      table = { ...table, stale: false, problems: problems(), confirmedAt: Date.now() };
    }
    if (leading) writer.write(editsNeeded(lookedAt));
  };

  const fail = (error: unknown): void => {
    failures += 1;
    const message = (error as Error).message;
    const expected = error instanceof RouterError;
    if (message !== lastError || !expected) {
      const fields = { event: 'look_failed', code: expected ? error.code : 'BUG', error: message };
      log.error(fields, 'The look at ClearML failed; the last table stays');
    }
    lastError = message;
    if (!table.stale && table.version > 0) publish({ ...table, stale: true });
  };

  const succeed = (): void => {
    if (lastError !== undefined) log.info({ event: 'look_recovered' }, 'ClearML answers again');
    failures = 0;
    lastError = undefined;
    firstLook.resolve();
  };

  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let stopped = false;

  /** Jitter keeps several routers, and the replicas of one, from asking in step. */
  const pause = (took: number): number => {
    const interval = settings.POLL_INTERVAL * (0.9 + Math.random() / 10);
    if (failures === 0) return Math.max(interval - took, 0);
    const longest = Math.max(LONGEST_BACKOFF, settings.POLL_INTERVAL);
    const backoff = Math.min(settings.POLL_INTERVAL * 2 ** (failures - 1), longest);
    return backoff * (0.5 + Math.random() / 2);
  };

  const turn = async (): Promise<void> => {
    const began = performance.now();
    try {
      await reconcile();
      succeed();
    } catch (error) {
      fail(error);
    }
    if (!stopped) timer = setTimeout(go, pause(performance.now() - began));
  };

  const go = (): void => {
    running = turn();
  };

  return {
    current: () => table,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: () => {
      leadership.start();
      go();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await writer.stop();
      await leadership.stop();
    },
    ready: () => firstLook.promise,
    state: () => ({
      ready: table.version > 0,
      leader: leadership.isLeader(),
      lastError,
      problems: table.problems,
      portsLeft: pool?.left(),
    }),
  };
};
