import { TUNNEL_PROTOCOL } from '../../websocket/tunnel_handshake.ts';

/** ssh through the TCP range: no sign-in but ssh's own. */
export function sshLine(address: string, port: number): string {
  return `ssh -p ${port} root@${address}`;
}

/** How the command `task-router` comes to a computer. @param wheelUrl where this router serves it. */
export function installLine(wheelUrl: string): string {
  return `pip install ${wheelUrl}`;
}

/** How it signs in. @param routerUrl where the router's own pages are, as an origin. */
export function loginLine(routerUrl: string): string {
  return `task-router login ${routerUrl}`;
}

/** ssh through TCP over WebSocket by the command, on a computer that has signed in. */
export function commandLine(endpointId: string): string {
  return `task-router ssh ${endpointId}`;
}

/**
 * ssh through TCP over WebSocket without the command: the token opens the tunnel, ssh goes through it. `websocat` is the common tool for it. Without
 * the `=` its -H takes the URL for another header, and with its asynchronous stdio it writes nothing to the socket that ssh gives
 * it as stdin and stdout at once (1.14.1).
 *
 * @param variable environment variable that holds the token.
 */
export function sshTunnelLine(
  tunnelUrl: string,
  taskId: string,
  variable = 'CLEARML_TOKEN',
): string {
  const proxy =
    `websocat --no-async-stdio --binary --protocol ${TUNNEL_PROTOCOL} ` +
    `-H="Authorization: Bearer $${variable}" ${tunnelUrl}`;
  return `ssh -o ProxyCommand='${proxy}' root@${taskId}`;
}
