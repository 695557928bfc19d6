import { isAtLeast, type KubernetesVersion } from './cluster/version.ts';
import type { StackConfig } from './config/schema.ts';
import { InfraError } from './errors.ts';

/** The router's own ports inside of its pod. */
export interface OwnPorts {
  readonly http: number;
  readonly admin: number;
}

/** The ports that the router hands out, in order. A Service knows no ranges, so each is named. */
export function portsOf(range: { readonly start: number; readonly end: number }): number[] {
  return Array.from({ length: range.end - range.start + 1 }, (_, index) => range.start + index);
}

/** 8080 and 8081, or the next ones above that the TCP range leaves free; Services map to them by name. */
export function ownPorts(config: StackConfig): OwnPorts {
  const range = config.tcpSession?.portRange;
  const isTaken = (port: number): boolean =>
    range !== undefined && port >= range.start && port <= range.end;
  const nextFree = (from: number): number => {
    if (!isTaken(from)) return from;
    // Above the range, or, where that reaches the last port, below it.
    return range !== undefined && range.end + 2 <= 65_535 ? range.end + 1 : 1024;
  };
  const http = nextFree(8080);
  return { http, admin: nextFree(http + 1) };
}

/** Whether the range holds ports that a process without rights may listen on only by a sysctl of its pod. */
export function hasLowPorts({ tcpSession }: StackConfig): boolean {
  return tcpSession !== undefined && tcpSession.portRange.start < 1024;
}

/**
 * Kubelets before 1.22 refuse pods with that sysctl (`net.ipv4.ip_unprivileged_port_start`).
 *
 * @throws InfraError `config-invalid` for ports below 1024 on such a cluster.
 */
export function checkLowPorts(config: StackConfig, version: KubernetesVersion | undefined): void {
  if (version === undefined || isAtLeast(version, 1, 22) || !hasLowPorts(config)) return;
  throw new InfraError(
    'config-invalid',
    `tcpSession.portRange: ports below 1024 need Kubernetes 1.22 or newer, and the cluster runs ${version.major}.${version.minor}; ` +
      'choose ports from 1024 on. Nothing was changed.',
  );
}
