import type { TcpAsk } from './ask.ts';

/** An address and port as text: where TCP users connect to. */
export interface TcpAnswer {
  readonly address: string;
  readonly port: number;
}

/** What a TCP ask means, once the router's own answer is told from it. Address and port are still the task's word. */
export interface TcpMeaning {
  /** Where the task listens; empty while it has not said. */
  readonly address: string;
  readonly port: string;
  /** The external port that was answered before, which the endpoint keeps if it is free. */
  readonly answeredPort: number | undefined;
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

/**
 * Tells an ask from the router's answer over it, by comparing with what the router wrote.
 *
 * - What stands is the answer: the task listens where the kept `upstream_task_…` keys say.
 * - The router's address with another port: `clearml-session` asked again and left the address that it found, so this is a new
 *   port on the kept address. Where the router's address equals the task's, the same rule holds.
 * - Anything else is an ask, and keeps the external port that was answered before.
 *
 * @param routerAddress TCP_ROUTER_ADDRESS; undefined while TCP is off.
 * @param held the external port that this process has handed out to the endpoint.
 * @param inRange whether a port belongs to the router's range.
 */
export function readTcpMeaning(
  ask: TcpAsk,
  routerAddress: string | undefined,
  held: number | undefined,
  inRange: (port: number) => boolean,
): TcpMeaning {
  const recorded = readRecordedAnswer(ask.recordedAnswer);
  const answeredPort = held ?? recorded?.port;
  const port = Number(ask.port);
  const listens = { address: ask.upstreamAddress, port: ask.upstreamPort, answeredPort };

  if (recorded !== undefined && ask.address === recorded.address && port === recorded.port) {
    return { ...listens, answeredPort: held ?? recorded.port };
  }
  if (ask.address !== '' && ask.address === routerAddress) {
    if (port === held) return listens;
    const kept = ask.upstreamAddress !== '' && ask.upstreamPort !== '';
    // The record of the answer was lost (a task's SDK writes the whole dictionary), and the process that wrote it is gone.
    if (answeredPort === undefined && kept && inRange(port) && ask.upstreamPort !== ask.port) {
      return { ...listens, answeredPort: port };
    }
  }
  const fromRouter = ask.address === routerAddress || ask.address === recorded?.address;
  const address =
    ask.address === '' || fromRouter
      ? (fromRouter ? ask.upstreamAddress : '') || ask.httpAddress || ask.address
      : ask.address;
  return { address, port: ask.port, answeredPort };
}
