import type { TcpAsk } from './ask.ts';

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
  /** The external port that the runtime says was answered. */
  readonly answeredPort: number | undefined;
}

/** What tells the router's own answers. */
export interface TcpAnswerRules {
  /** TCP_ROUTER_ADDRESS. */
  readonly routerAddress: string;
  /** The external port that this process has handed out to the endpoint. */
  readonly held: number | undefined;
  /** Whether a port belongs to the router's range. */
  readonly inRange: (port: number) => boolean;
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
  recorded: TcpAnswer | undefined,
  { routerAddress, held, inRange }: TcpAnswerRules,
): number | undefined {
  const port = Number(ask.port);
  if (ask.address === recorded?.address && port === recorded.port) return port;
  if (ask.address !== routerAddress) return undefined;
  if (port === held) return port;
  // The record of the answer was lost (a task's SDK writes the whole dictionary), and the process that wrote it is gone.
  const kept = ask.upstreamAddress !== '' && ask.upstreamPort !== '';
  const lost = recorded === undefined && held === undefined && kept;
  return lost && inRange(port) && ask.upstreamPort !== ask.port ? port : undefined;
}

/**
 * Tells an ask from the router's answer over it, by comparing with what the router wrote.
 *
 * - What stands is the answer: the task listens where the kept `upstream_task_…` keys say.
 * - The router's address with another port: `clearml-session` asked again and left the address that it found, so this is a new
 *   port on the kept address. Where the router's address equals the task's, the same rule holds.
 * - Anything else is an ask; its endpoint keeps the external port that was answered before.
 */
export function readTcpMeaning(ask: TcpAsk, rules: TcpAnswerRules): TcpMeaning {
  const recorded = readRecordedAnswer(ask.recordedAnswer);
  const standing = standingAnswer(ask, recorded, rules);
  if (standing !== undefined) {
    return { address: ask.upstreamAddress, port: ask.upstreamPort, answeredPort: standing };
  }
  const answeredPort = recorded?.port;
  const isRouters = ask.address === rules.routerAddress || ask.address === recorded?.address;
  if (ask.address === '') return { address: ask.httpAddress, port: ask.port, answeredPort };
  if (!isRouters) return { address: ask.address, port: ask.port, answeredPort };
  const address = ask.upstreamAddress || ask.httpAddress || ask.address;
  return { address, port: ask.port, answeredPort };
}
