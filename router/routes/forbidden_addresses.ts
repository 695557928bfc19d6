import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { normalizeAddress, serviceKey, type AddressRules } from './address.ts';
import type { RouteSettings } from './routes.ts';

type Forbidden = Pick<AddressRules, 'forbiddenAddresses' | 'forbiddenServices'>;

/** Milliseconds to wait for a name server; what it knew before stays in force. */
const RESOLVE_TIMEOUT = 2_000;

const resolved = new Map<string, readonly string[]>();

/** All addresses of a host name, or the literal itself. The last answer stands while the name cannot be resolved. */
async function addressesOf(host: string): Promise<readonly string[]> {
  const literal = host.replace(/^\[(.*)\]$/, '$1');
  if (isIP(literal) !== 0) return [normalizeAddress(literal) ?? literal];
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, RESOLVE_TIMEOUT, undefined).unref();
  });
  const found = await Promise.race([lookup(literal, { all: true }).catch(() => undefined), late]);
  if (found !== undefined) {
    resolved.set(
      literal,
      found.map(({ address }) => normalizeAddress(address) ?? address),
    );
  }
  return resolved.get(literal) ?? [];
}

function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
}

/** Addresses of this machine or pod. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => normalizeAddress(address.split('%')[0] ?? '') ?? address);
}

/**
 * What no task may name, found anew each time since addresses of host names and of the machine change: the Kubernetes API, the
 * ClearML API's own address and port, and the router's own ports on every address that leads to it.
 */
export async function findForbiddenAddresses(
  settings: RouteSettings,
  kubernetesHost: string | undefined,
): Promise<Forbidden> {
  const services = new Set<string>();
  const forbid = (addresses: readonly string[], ports: readonly number[]): void => {
    for (const address of addresses) {
      for (const port of ports) services.add(serviceKey(address, port));
    }
  };
  const api = new URL(settings.CLEARML_API_HOST);
  forbid(await addressesOf(api.hostname), [portOf(api)]);

  const router = new URL(settings.ROUTER_URL.origin);
  const { TCP_ROUTER_ADDRESS: tcp, TCP_PORT_START: start, TCP_PORT_END: end } = settings;
  const range =
    start === undefined || end === undefined
      ? []
      : Array.from({ length: end - start + 1 }, (_, index) => start + index);
  const listening = [settings.HTTP_PORT, settings.ADMIN_PORT, ...range];
  const urlAddresses = await addressesOf(router.hostname);
  const tcpAddresses = tcp === undefined ? [] : await addressesOf(tcp);
  const bound = settings.BIND_ADDRESS === undefined ? [] : [settings.BIND_ADDRESS];
  forbid(ownAddresses(), listening);
  forbid(bound, listening);
  forbid(urlAddresses, [portOf(router)]);
  forbid(tcpAddresses, range);

  const kubernetes = kubernetesHost === undefined ? undefined : normalizeAddress(kubernetesHost);
  return {
    forbiddenAddresses: new Set(kubernetes === undefined ? [] : [kubernetes]),
    forbiddenServices: services,
  };
}
