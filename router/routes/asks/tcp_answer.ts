import type { TcpAsk } from './ask.ts';
import type { StampContent } from './stamp.ts';
import type { Upstream } from '../model/endpoint.ts';

/** Where TCP users connect to. */
export interface TcpAnswer {
  readonly address: string;
  readonly port: number;
}

/** What a TCP ask means, once the router's own answer is told from it. Address and port are still the task's word. */
export interface TcpMeaning {
  /** Where the task listens; empty while it has not said. */
  readonly address: string;
  readonly port: string;
  /** The external port that the runtime says was answered; without a stamp that is anybody's word. */
  readonly answeredPort: number | undefined;
}

/** What tells the router's own answers. */
export interface TcpAnswerRules {
  /** TCP_ROUTER_ADDRESS. */
  readonly routerAddress: string;
  /** The external port that this process has handed out to the endpoint. */
  readonly held: number | undefined;
  /** Where this process leads that port to. */
  readonly leadsTo: Upstream | undefined;
  /** Whether a port belongs to the router's range. */
  readonly inRange: (port: number) => boolean;
  /** The valid stamp of the answer. */
  readonly stamp: StampContent | undefined;
}

/** `<address>:<port>`, the value of `router_tcp_answer`. */
export function writeRecordedAnswer(answer: TcpAnswer): string {
  return `${answer.address}:${answer.port}`;
}

function readRecordedAnswer(text: string): TcpAnswer | undefined {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  if (colon < 1 || !/^[0-9]{1,5}$/.test(port)) return undefined;
  return { address: text.slice(0, colon), port: Number(port) };
}

/** The port of the answer that stands in the runtime; undefined where an ask stands there. */
function standingAnswer(
  ask: TcpAsk,
  records: readonly TcpAnswer[],
  { routerAddress, held, inRange, stamp }: TcpAnswerRules,
): number | undefined {
  const port = Number(ask.port);
  // An answer may have lost its address alone; an ask without one names the task's port, not the router's.
  if (ask.address === '') return port === (held ?? stamp?.routerPort) ? port : undefined;
  if (records.some((record) => ask.address === record.address && port === record.port)) return port;
  if (ask.address !== routerAddress) return undefined;
  if (port === held) return port;
  // The record of the answer was lost (a task's SDK writes the whole dictionary), and the process that wrote it is gone.
  const kept = ask.upstreamAddress !== '' && ask.upstreamPort !== '';
  const lost = records.length === 0 && held === undefined && kept;
  return lost && inRange(port) && ask.upstreamPort !== ask.port ? port : undefined;
}

/**
 * Tells an ask from the router's answer over it, by comparing with what the router wrote.
 *
 * - What stands is the answer: the task listens where the kept `upstream_task_…` keys say; one that was lost is known by the stamp.
 * - The router's address with another port: `clearml-session` asked again and left the address that it found, so this is a new
 *   port on the kept address. Where the router's address equals the task's, the same rule holds.
 * - Anything else is an ask; its endpoint keeps the external port that was answered before.
 *
 * Nothing of this gives a task more than its own word does: whether it gets a port back is said by the stamp.
 */
export function readTcpMeaning(ask: TcpAsk, rules: TcpAnswerRules): TcpMeaning {
  const { stamp, leadsTo } = rules;
  const written = readRecordedAnswer(ask.recordedAnswer);
  const stamped = stamp && { address: stamp.routerAddress, port: stamp.routerPort };
  const records = [written, stamped].filter((record) => record !== undefined);
  const standing = standingAnswer(ask, records, rules);
  if (standing !== undefined) {
    const knownPort = leadsTo?.port ?? stamp?.taskPort;
    return {
      address: ask.upstreamAddress || (leadsTo?.address ?? stamp?.taskAddress ?? ''),
      port: ask.upstreamPort || (knownPort === undefined ? '' : String(knownPort)),
      answeredPort: standing,
    };
  }
  const answeredPort = written?.port;
  const isRouters =
    ask.address === rules.routerAddress || records.some(({ address }) => ask.address === address);
  if (ask.address === '') return { address: ask.httpAddress, port: ask.port, answeredPort };
  if (!isRouters) return { address: ask.address, port: ask.port, answeredPort };
  const address =
    ask.upstreamAddress ||
    (leadsTo?.address ?? stamp?.taskAddress ?? '') ||
    ask.httpAddress ||
    ask.address;
  return { address, port: ask.port, answeredPort };
}
