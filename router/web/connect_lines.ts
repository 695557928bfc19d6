import { TUNNEL_PROTOCOL } from '../proxy/tunnel.ts';

/** ssh through the TCP range: no sign-in but ssh's own. */
export function sshLine(address: string, port: number): string {
  return `ssh -p ${port} root@${address}`;
}

/** ssh through TCP over WebSocket: the token opens the tunnel, ssh goes through it. `websocat` is the common tool for it. */
export function sshTunnelLine(tunnelUrl: string, taskId: string): string {
  const proxy =
    `websocat --binary --protocol ${TUNNEL_PROTOCOL} ` +
    `-H "Authorization: Bearer $CLEARML_TOKEN" ${tunnelUrl}`;
  return `ssh -o ProxyCommand='${proxy}' root@${taskId}`;
}
