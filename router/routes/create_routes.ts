import { portOf } from '../grammar/authority.ts';
import { IDLE_STOP_KEY } from '../grammar/runtime_keys.ts';
import { RouterError } from '../errors.ts';
import { checkAddress, type AddressRules } from './asks/address.ts';
import { createLastUse } from './answers/last_use.ts';
import { createTaskAnswers } from './answers/task_answers.ts';
import { portsAreDue } from './ports/barred.ts';
import { assemble, NOTHING_ROUTED } from './table/assembly.ts';
import { createStamper, stampsIn } from './asks/stamp.ts';
import { createUseStamper } from './asks/use_stamp.ts';
import { createStaticNames } from './claims/static_names.ts';
import { createStampMigration } from './claims/migrate.ts';
import type { DraftRules } from './asks/draft.ts';
import { taskTlsFor } from './asks/task_tls_for.ts';
import { createForbiddenAddresses } from './asks/forbidden_addresses.ts';
import { createLooker } from './asks/look.ts';
import { createLoop } from '../loop.ts';
import { createPortPool, type PortPool } from './ports/port_pool.ts';
import { createQueueFilter } from './asks/queue_filter.ts';
import { sameTexts } from './model/same.ts';
import { reportChanges, reportProblems } from './model/report.ts';
import type { CreateRoutes, RoutesParts, RoutesState } from './routes.ts';
import { followStaticRoutes } from './static/static_route_file.ts';
import type { RouteTable } from './model/table.ts';
import { createTableOwner } from './model/table_source.ts';
import { createTaskDrafts } from './asks/task_drafts.ts';

/** A freed port rests for two looks, and at least this long. */
const SHORTEST_REST_MS = 1_000;

function createPool({ settings, ports }: RoutesParts): PortPool | undefined {
  const { TCP_ROUTER_ADDRESS, TCP_PORT_START: start, TCP_PORT_END: end } = settings;
  const complete = TCP_ROUTER_ADDRESS !== undefined && start !== undefined && end !== undefined;
  if (!complete) return undefined;
  const rest = Math.max(2 * settings.POLL_INTERVAL, SHORTEST_REST_MS);
  return createPortPool({ start, end, binder: ports, rest });
}

function portProblems(pool: PortPool, portless: number): string[] {
  const unusable = pool.unusable();
  const range = `${pool.start} to ${pool.end}`;
  return [
    ...(portless === 0
      ? []
      : [
          `the TCP port range ${range} is exhausted: ${portless} endpoints wait for a port; widen the range or end tasks`,
        ]),
    ...(unusable.length === 0
      ? []
      : [`ports of the TCP range that cannot be bound: ${unusable.join(', ')}`]),
  ];
}

/**
 * Looks at ClearML for ever, and keeps the route table and the answers in the tasks true to what it says.
 *
 * @throws RouterError SETTINGS_INVALID when STATIC_ROUTES_FILE is wrong.
 */
export const createRoutes: CreateRoutes = (parts) => {
  const { settings, clearml, log, metrics, leadership, taskPods } = parts;
  const { STATIC_ROUTES_FILE: staticFile, ROUTER_URL: routerUrl } = settings;
  const statics = followStaticRoutes(staticFile, settings, log);
  const pool = createPool(parts);
  const tcpAddress = pool === undefined ? undefined : settings.TCP_ROUTER_ADDRESS;
  const table = createTableOwner();
  const looker = createLooker({ clearml });
  const queues = createQueueFilter(clearml, settings.LISTEN_QUEUE_NAME);
  const forbidden = createForbiddenAddresses(settings, parts.kubernetesHost);
  const drafts = createTaskDrafts(looker.rows, queues.admits);
  const names = createStaticNames(clearml, parts.needsOwners);
  const stamper = createStamper(settings.ROUTER_NAME, parts.stampKeys);
  const migration = createStampMigration(parts.migration);
  const limits = {
    perTask: settings.TCP_MAX_PORTS_PER_TASK,
    perUser: settings.TCP_MAX_PORTS_PER_USER,
  };
  const lastUse = createLastUse({
    stamper: createUseStamper(settings.ROUTER_NAME, parts.stampKeys),
    standing: (taskId) => looker.rows.get(taskId)?.lastUsed,
    seen: parts.usedAt ?? (() => 0),
  });
  const answers = createTaskAnswers({
    lastUse,
    rules: {
      routerName: settings.ROUTER_NAME,
      routerUrl,
      routerPort: portOf(new URL(routerUrl.origin)),
      wildcardHost: settings.ROUTER_WILDCARD_HOST,
      pathForm: settings.ROUTER_PATH_FORM,
      tcpAddress,
      stamper,
    },
    clearml,
    log,
    metrics,
    mayWrite: leadership.isLeader,
  });
  let assembly = NOTHING_ROUTED;
  let assembledBy = statics.rules();
  let led: boolean | undefined;
  /** Whether this process led when it last assembled. */
  let assembledLeading = false;
  let trusted: boolean | undefined;
  let draftedBy = stamper.keys();
  let lastError: string | undefined;
  let lastFailure: RoutesState['lastFailure'];

  const addressRules = (): AddressRules => ({
    networks: settings.TASK_NETWORKS,
    ...forbidden.current(),
  });

  const tls = taskTlsFor(settings);
  const draftRules = (addresses: AddressRules, trustUnstamped: boolean): DraftRules => ({
    addresses,
    podRefusal: taskPods?.refusal,
    pathForm: settings.ROUTER_PATH_FORM,
    tls,
    tcpAddress,
    inRange: (port) => pool?.inRange(port) ?? false,
    held: (id) => pool?.held(id),
    leadsTo: (id) => assembly.grants.get(id)?.tcp?.upstream,
    stamper,
    trustUnstamped,
  });

  const anyStamp = (): boolean => {
    for (const { id, runtime } of looker.rows.values()) {
      if (stampsIn(id, runtime).some(({ of, text }) => stamper.read(of, text))) return true;
    }
    return false;
  };

  const problems = (): readonly string[] => [
    ...looker.problems(),
    ...queues.problems(),
    ...statics.problems(),
    ...names.problems(),
    ...answers.problems(),
    ...migration.problems(),
    ...(taskPods?.problems() ?? []),
    ...(pool === undefined ? [] : portProblems(pool, assembly.portless.size)),
  ];

  const reassemble = async (
    leading: boolean,
    confirmed: Pick<RouteTable, 'stale' | 'confirmedAt'>,
  ): Promise<void> => {
    assembledBy = statics.rules();
    assembly = await assemble(drafts.all(), assembly, {
      pool,
      limits,
      noPort: parts.noPort,
      leading,
      steady: leading && assembledLeading,
      issue: stamper.issue,
      staticRules: assembledBy,
      mayServe: names.mayServe,
      people: names.people,
    });
    assembledLeading = leading;
    answers.plan(assembly.tasks, assembledBy);
    const previous = table.current();
    const { stale, confirmedAt } = confirmed;
    const notices = answers.notices();
    table.swap({ ...assembly.table, stale, problems: problems(), notices, confirmedAt });
    pool?.releaseFreed();
    reportChanges(log, table.current(), previous);
  };

  /** Whoever takes a static route away is obeyed even while ClearML does not answer. */
  const followStatics = async (): Promise<void> => {
    if (statics.rules() === assembledBy || led === undefined) return;
    await reassemble(leadership.isLeader(), table.current());
  };

  const reconcile = async (): Promise<void> => {
    await followStatics();
    const lookedAt = performance.now();
    drafts.mark(await looker.look());
    if (taskPods !== undefined) drafts.mark(taskPods.takeAffected(drafts.all()));
    const queuesChanged = await queues.refresh(looker.rows.values());
    const addressesChanged = await forbidden.refresh();
    const namesChanged = await names.refresh(statics.rules());
    const leading = leadership.isLeader();
    const trusts = await migration.trusts(leading, anyStamp);
    const keysChanged = stamper.keys() !== draftedBy;
    draftedBy = stamper.keys();
    const everything =
      queuesChanged || addressesChanged || led !== leading || keysChanged || trusts !== trusted;
    led = leading;
    trusted = trusts;
    const changed = drafts.read(everything, draftRules(addressRules(), trusts)) || namesChanged;
    // Ports heal by themselves: one that rested or could not be bound may be had now.
    const heals =
      assembly.portless.size > 0 ||
      assembly.unfinished ||
      (pool !== undefined && portsAreDue(table.current(), parts.noPort));
    const { stale, problems: before, notices } = table.current();
    if (changed || heals || stale || !sameTexts(notices, answers.notices())) {
      await reassemble(leading, { stale: false, confirmedAt: Date.now() });
    } else table.confirm(problems());
    reportProblems(log, table.current().problems, before);
    if (!leading) return;
    answers.write(lookedAt);
    await migration.stamped(answers.complete());
  };

  const loop = createLoop({
    turn: reconcile,
    interval: settings.POLL_INTERVAL,
    succeeded: () => {
      if (lastError !== undefined) log.info({ event: 'look_recovered' }, 'ClearML answers again');
      lastError = undefined;
    },
    failed: (error) => {
      const { message, stack } = error as Error;
      const expected = error instanceof RouterError;
      if (message !== lastError) {
        const fields = { event: 'look_failed', error: expected ? message : stack };
        log.error(fields, 'The look at ClearML failed; the last table stays in force');
      }
      lastError = message;
      lastFailure = { at: Date.now(), message };
      const { version, stale, ...last } = table.current();
      if (version > 0 && !stale) table.swap({ ...last, stale: true });
    },
  });

  return {
    current: table.current,
    subscribe: table.subscribe,
    stampedUse: lastUse.stamped,
    mayReach: (address, port) =>
      // Before the first look nobody knows what is forbidden.
      table.current().version === 0
        ? { ok: false, reason: 'the router has not looked yet' }
        : checkAddress(address, port, addressRules()),
    serves: queues.admits,
    idleWish: (taskId) => looker.rows.get(taskId)?.runtime.get(IDLE_STOP_KEY),
    start: () => {
      taskPods?.start();
      loop.start();
    },
    stop: async () => {
      statics.close();
      await Promise.all([loop.stop(), taskPods?.stop()]);
      await answers.stop();
    },
    state: () => ({
      ready: table.current().version > 0,
      leader: leadership.isLeader(),
      holder: leadership.holder(),
      lastError,
      lastFailure,
      problems: problems(),
      portsLeft: pool?.left(),
    }),
  };
};
