import { isDeepStrictEqual } from 'node:util';
import type { TaskRow } from '../../clearml/task_row.ts';
import { checkAddress, type AddressRules } from './address.ts';
import { readAsks, type EndpointAsk } from './ask.ts';
import type { StampContent, Stamper } from './stamp.ts';
import { readTaskWord, type TaskWord } from '../../grammar/access_level.ts';
import type { Route, Task, TaskTls, Upstream, WebOptions } from '../model/endpoint.ts';
import { endpointId, endpointLabels, type EndpointId } from '../../grammar/endpoint_id.ts';
import { readTcpMeaning } from './tcp_answer.ts';
import { readWebOptions } from './web_options.ts';

/** What decides how a task's asks are read, besides the asks. */
export interface DraftRules {
  readonly addresses: AddressRules;
  /** Why a task may not name an address, by the pods of the cluster; left out where they are not looked at. */
  readonly podRefusal?: ((taskId: string, address: string) => string | undefined) | undefined;
  /** ROUTER_PATH_FORM: an endpoint needs no host name of its own. */
  readonly pathForm: boolean;
  /** How tasks are spoken to that want TLS. */
  readonly tls: TaskTls;
  /** TCP_ROUTER_ADDRESS; undefined while TCP is off. */
  readonly tcpAddress: string | undefined;
  readonly inRange: (port: number) => boolean;
  /** The external port that an endpoint holds now. */
  readonly held: (id: EndpointId) => number | undefined;
  /** Where the endpoint's TCP way leads now, if it is open. */
  readonly leadsTo: (id: EndpointId) => Upstream | undefined;
  readonly stamper: Pick<Stamper, 'read'>;
  /** Answers without a stamp give their ports back, too: those of version 0.2, until they are stamped. */
  readonly trustUnstamped: boolean;
}

/** An endpoint as its task alone makes it, before clashes with other tasks and before ports. */
export interface EndpointDraft extends TaskWord {
  readonly id: EndpointId;
  readonly name: string | undefined;
  readonly label: string | undefined;
  readonly http: HttpDraft | undefined;
  readonly tcp: TcpDraft | undefined;
}

type HttpDraft = Route & {
  readonly staticRoute: string | undefined;
  readonly options: WebOptions;
  /** What the valid stamp in the runtime says; undefined where there is none. */
  readonly stamp: StampContent | undefined;
};

type TcpDraft = Route & {
  /** The external port that was answered: by the stamp, or by an answer without one where those are trusted. */
  readonly answeredPort: number | undefined;
  readonly proxyHeader: boolean;
  readonly stamp: StampContent | undefined;
};

/** The value of `router_proxy_protocol`. Version 1 knows no health checks and no further fields; nothing new is written for it. */
const PROXY_VERSION = 'v2';

/** One running task that asks. */
export interface TaskDraft {
  readonly row: TaskRow;
  readonly task: Task;
  readonly endpoints: readonly EndpointDraft[];
}

/** What is kept of a task; the same object as before while nothing of it changed, so that its endpoints stay the same too. */
function toTask(row: TaskRow, before: Task | undefined): Task {
  const { id, name, type, projectName, userId, companyId, queueId, startedAt } = row;
  const task: Task = { id, name, type, projectName, userId, companyId, queueId, startedAt };
  return before !== undefined && isDeepStrictEqual(before, task) ? before : task;
}

function toRoute(taskId: string, address: string, port: string, rules: DraftRules): Route {
  if (address === '' || port === '') return { state: 'waiting' };
  const checked = checkAddress(address, port, rules.addresses);
  if (!checked.ok) return { state: 'refused', reason: checked.reason };
  const { upstream } = checked;
  const why = rules.podRefusal?.(taskId, upstream.address);
  return why === undefined
    ? { state: 'open', upstream }
    : { state: 'refused', reason: `the address ${upstream.address} is refused: ${why}` };
}

/** Bounds of what one task may make everybody else look at. */
export const MOST_ENDPOINTS = 64;
/** With the longest key of the router's own a name must fit what is read of a runtime: else no answer would ever stand. */
const LONGEST_NAME = 128;

function tooMuch({ name = '' }: EndpointAsk, index: number): string | undefined {
  if (index >= MOST_ENDPOINTS) return `the task asks for more than ${MOST_ENDPOINTS} endpoints`;
  if (name.length <= LONGEST_NAME) return undefined;
  return `the name of the endpoint has more than ${LONGEST_NAME} characters`;
}

function refuseHttp({ http }: EndpointAsk, reason: string): HttpDraft | undefined {
  if (http === undefined) return undefined;
  const { staticRoute } = http;
  return { state: 'refused', reason, staticRoute, options: {}, stamp: undefined };
}

/** An endpoint that no URL would lead to is refused: its task would else wait behind an answer that nobody can open. */
function httpRoute(
  taskId: string,
  id: EndpointId,
  ask: EndpointAsk,
  label: string | undefined,
  rules: DraftRules,
): HttpDraft | undefined {
  const { name, http } = ask;
  if (http === undefined) return undefined;
  const { address, port, staticRoute } = http;
  const read = readWebOptions(http, id, rules.pathForm);
  if ('reason' in read) return refuseHttp(ask, read.reason);
  if (rules.pathForm || label !== undefined || staticRoute !== undefined) {
    const stamp = rules.stamper.read({ taskId, name, protocol: 'http' }, http.stamp);
    const { options, isTls } = read;
    const plain = toRoute(taskId, address, port, rules);
    const route =
      isTls && plain.state === 'open'
        ? { ...plain, upstream: { ...plain.upstream, tls: rules.tls } }
        : plain;
    return { ...route, staticRoute, options, stamp };
  }
  const reason =
    'the path form is off on this router (ROUTER_PATH_FORM), and the name of the endpoint makes no host name: ' +
    'at most 29 of a-z, 0-9 and -, and none that differs from another of the task by case alone';
  return refuseHttp(ask, reason);
}

function refuseTcp(reason: string): TcpDraft {
  const nothing = { answeredPort: undefined, proxyHeader: false, stamp: undefined };
  return { state: 'refused', reason, ...nothing };
}

function tcpRoute(
  taskId: string,
  id: EndpointId,
  ask: EndpointAsk,
  rules: DraftRules,
): TcpDraft | undefined {
  if (ask.tcp === undefined) return undefined;
  if (rules.tcpAddress === undefined) {
    const reason = 'TCP is off on this router: TCP_ROUTER_ADDRESS and its port range are not set';
    return refuseTcp(reason);
  }
  const stamp = rules.stamper.read({ taskId, name: ask.name, protocol: 'tcp' }, ask.tcp.stamp);
  const meaning = readTcpMeaning(ask.tcp, {
    routerAddress: rules.tcpAddress,
    held: rules.held(id),
    leadsTo: rules.leadsTo(id),
    inRange: rules.inRange,
    stamp,
  });
  const answeredPort =
    stamp?.routerPort ?? (rules.trustUnstamped ? meaning.answeredPort : undefined);
  const { proxyProtocol } = ask.tcp;
  const proxyHeader = proxyProtocol === PROXY_VERSION;
  if (proxyProtocol !== '' && !proxyHeader) {
    const reason = `router_proxy_protocol of the task is not ${PROXY_VERSION}, the only one that the router speaks`;
    return { state: 'refused', reason, answeredPort, proxyHeader, stamp };
  }
  const route = toRoute(taskId, meaning.address, meaning.port, rules);
  return { ...route, answeredPort, proxyHeader, stamp };
}

/** Reads all that one task asks. Two names that make one id (a slug that somebody also chose as a name): the first has it. */
export function draftTask(row: TaskRow, rules: DraftRules, before?: Task): TaskDraft {
  const asks = readAsks(row.runtime);
  const labels = endpointLabels(
    row.id,
    asks.map(({ name }) => name),
  );
  const endpoints = new Map<EndpointId, EndpointDraft>();
  asks.forEach((ask, index) => {
    const id = endpointId(row.id, ask.name);
    if (endpoints.has(id)) return;
    const label = labels[index];
    const reason = tooMuch(ask, index);
    const http =
      reason === undefined ? httpRoute(row.id, id, ask, label, rules) : refuseHttp(ask, reason);
    const tcp =
      reason === undefined ? tcpRoute(row.id, id, ask, rules) : ask.tcp && refuseTcp(reason);
    endpoints.set(id, { id, name: ask.name, label, ...readTaskWord(ask.access), http, tcp });
  });
  return { row, task: toTask(row, before), endpoints: [...endpoints.values()] };
}

/** First started first; a task whose start the server does not tell comes last. The id decides between equals. */
export function byStart(a: Task, b: Task): number {
  const later = (a.startedAt || Infinity) - (b.startedAt || Infinity);
  return later || (a.id === b.id ? 0 : a.id < b.id ? -1 : 1);
}
