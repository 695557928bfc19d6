/**
 * Load on a router that must not notice what happens to it meanwhile: steady HTTP requests and TCP connections, and WebSocket
 * and TCP sessions that stay open. Every failure is kept with its time, so that a test can say what it belongs to.
 */
import { openTcpSession } from './tcp_session.ts';
import { openWebSocketSession } from './web_socket_session.ts';
import { startSessions, type SessionsReport } from './sessions.ts';
import { startSteady, type SteadyReport } from './steady.ts';
import { connectOnce } from './tcp_connect.ts';
import { createRequester } from './request.ts';

/** What is asked, and how often. */
export interface LoadTargets {
  /** URL of the sample web app, as the router wrote it; ends with a slash. */
  readonly endpoint: string;
  /** Headers of each request and handshake: who asks. Called each time, since a token may change on the way. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Address and port of the sample TCP service; left out, there is no TCP. */
  readonly tcp?: { readonly address: string; readonly port: number };
  /** Requests a second; 25 unless given. */
  readonly requestsPerSecond?: number;
  /** New TCP connections a second; 4 unless given. */
  readonly connectionsPerSecond?: number;
  /** Sessions of each kind that are opened at the start; 5 unless given. */
  readonly sessions?: number;
}

/** What happened, up to the moment of asking. */
export interface LoadReport {
  readonly http: SteadyReport;
  /** New connections to the TCP service: opened, greeted, closed. */
  readonly connections: SteadyReport;
  readonly webSockets: SessionsReport;
  readonly tcpSessions: SessionsReport;
}

/** Load that runs. */
export interface Load {
  readonly report: () => LoadReport;
  /** Waits for what is under way, ends the sessions, and reports; the second time, the same. */
  readonly stop: () => Promise<LoadReport>;
}

/** Starts the load, and returns when all sessions are open and have had their first answer. */
export async function startLoad(targets: LoadTargets): Promise<Load> {
  const { endpoint, headers, tcp, requestsPerSecond = 25, connectionsPerSecond = 4 } = targets;
  const count = targets.sessions ?? 5;
  const [webSockets, tcpSessions] = await Promise.all([
    startSessions(count, () => openWebSocketSession(endpoint, headers())),
    startSessions(tcp === undefined ? 0 : count, () => openTcpSession(tcp)),
  ]);
  const requester = createRequester(endpoint, headers);
  const http = startSteady(requestsPerSecond, requester.ask);
  const connections = startSteady(tcp === undefined ? 0 : connectionsPerSecond, () =>
    connectOnce(tcp),
  );
  const report = (): LoadReport => ({
    http: http.report(),
    connections: connections.report(),
    webSockets: webSockets.report(),
    tcpSessions: tcpSessions.report(),
  });
  const end = async (): Promise<LoadReport> => {
    await Promise.all([http.stop(), connections.stop(), webSockets.stop(), tcpSessions.stop()]);
    await requester.close();
    return report();
  };
  let ended: Promise<LoadReport> | undefined;
  return { report, stop: () => (ended ??= end()) };
}

/** Everything in a report that is a failure or an end, a line each, for an assertion's message. */
export function troublesOf({ http, connections, webSockets, tcpSessions }: LoadReport): string[] {
  return [
    ...http.failures.map(({ at, error }) => `${clock(at)} HTTP: ${error}`),
    ...connections.failures.map(({ at, error }) => `${clock(at)} TCP connection: ${error}`),
    ...webSockets.ended.map(({ at, how }) => `${clock(at)} WebSocket ended: ${how}`),
    ...tcpSessions.ended.map(({ at, how }) => `${clock(at)} TCP session ended: ${how}`),
  ].toSorted();
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23);
}
