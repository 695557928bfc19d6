import { isDeepStrictEqual } from 'node:util';
import type { TaskRow } from '../clearml/task_row.ts';
import { checkAddress, type AddressRules } from './address.ts';
import { readAsks, type EndpointAsk } from './ask.ts';
import type { EndpointId, Lane, Task } from './endpoint.ts';
import { endpointId, endpointLabels } from './endpoint_id.ts';
import type { TaskPods } from './task_pods.ts';
import { readTcpMeaning } from './tcp_answer.ts';

/** What decides how a task's asks are read, besides the asks. */
export interface DraftRules {
  readonly addresses: AddressRules;
  /** Why a task may not name an address, by the pods of the cluster; left out where they are not looked at. */
  readonly podRefusal?: TaskPods['refusal'] | undefined;
  /** ROUTER_PATH_FORM: an endpoint needs no host name of its own. */
  readonly pathForm: boolean;
  /** TCP_ROUTER_ADDRESS; undefined while TCP is off. */
  readonly tcpAddress: string | undefined;
  readonly inRange: (port: number) => boolean;
  /** The external port that an endpoint holds now. */
  readonly held: (id: EndpointId) => number | undefined;
}

/** An endpoint as its task alone makes it, before clashes with other tasks and before ports. */
export interface EndpointDraft {
  readonly id: EndpointId;
  readonly name: string | undefined;
  readonly label: string | undefined;
  readonly http: (Lane & { readonly staticRoute: string | undefined }) | undefined;
  /** `answeredPort`: the external port that the runtime says was answered. */
  readonly tcp:
    | (Lane & { readonly answeredPort: number | undefined; readonly proxyHeader: boolean })
    | undefined;
}

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

function toLane(taskId: string, address: string, port: string, rules: DraftRules): Lane {
  if (address === '' || port === '') return { state: 'waiting' };
  const checked = checkAddress(address, port, rules.addresses);
  if (!checked.ok) return { state: 'refused', reason: checked.reason };
  const { upstream } = checked;
  const why = rules.podRefusal?.(taskId, upstream.address);
  return why === undefined
    ? { state: 'open', upstream }
    : { state: 'refused', reason: `the address ${upstream.address} is refused: ${why}` };
}

/** An endpoint that no URL would lead to is refused: its task would else wait behind an answer that nobody can open. */
function httpLane(
  taskId: string,
  { http }: EndpointAsk,
  label: string | undefined,
  rules: DraftRules,
): EndpointDraft['http'] {
  if (http === undefined) return undefined;
  const { address, port, staticRoute } = http;
  if (rules.pathForm || label !== undefined || staticRoute !== undefined) {
    return { ...toLane(taskId, address, port, rules), staticRoute };
  }
  const reason =
    'the path form is off on this router (ROUTER_PATH_FORM), and the name of the endpoint makes no host name: ' +
    'at most 29 of a-z, 0-9 and -, and none that differs from another of the task by case alone';
  return { state: 'refused', reason, staticRoute };
}

function tcpLane(
  taskId: string,
  id: EndpointId,
  ask: EndpointAsk,
  rules: DraftRules,
): EndpointDraft['tcp'] {
  if (ask.tcp === undefined) return undefined;
  if (rules.tcpAddress === undefined) {
    const reason = 'TCP is off on this router: TCP_ROUTER_ADDRESS and its port range are not set';
    return { state: 'refused', reason, answeredPort: undefined, proxyHeader: false };
  }
  const meaning = readTcpMeaning(ask.tcp, {
    routerAddress: rules.tcpAddress,
    held: rules.held(id),
    inRange: rules.inRange,
  });
  const { answeredPort } = meaning;
  const { proxyProtocol } = ask.tcp;
  const proxyHeader = proxyProtocol === PROXY_VERSION;
  if (proxyProtocol !== '' && !proxyHeader) {
    const reason = `router_proxy_protocol of the task is not ${PROXY_VERSION}, the only one that the router speaks`;
    return { state: 'refused', reason, answeredPort, proxyHeader };
  }
  return { ...toLane(taskId, meaning.address, meaning.port, rules), answeredPort, proxyHeader };
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
    const http = httpLane(row.id, ask, label, rules);
    const tcp = tcpLane(row.id, id, ask, rules);
    endpoints.set(id, { id, name: ask.name, label, http, tcp });
  });
  return { row, task: toTask(row, before), endpoints: [...endpoints.values()] };
}

/** First started first; a task whose start the server does not tell comes last. The id decides between equals. */
export function byStart(a: Task, b: Task): number {
  return (a.startedAt || Infinity) - (b.startedAt || Infinity) || (a.id < b.id ? -1 : 1);
}
