import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import { listenRange, portsOf, publicRange } from '../settings/tcp_range.ts';
import { normalizeAddress, serviceKey, type AddressRules } from './address.ts';
import type { RouteSettings } from './routes.ts';

type Forbidden = Pick<AddressRules, 'forbiddenAddresses' | 'forbiddenServices'>;

/** Milliseconds to wait for a name server; what it knew before stays in force. */
const RESOLVE_TIMEOUT = 2_000;

/** How often host names are resolved again and the addresses of the machine are read again. Milliseconds. */
const REFRESH_EVERY = 30_000;

async function resolveHost(host: string): Promise<readonly string[] | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, RESOLVE_TIMEOUT, undefined).unref();
  });
  const found = await Promise.race([lookup(host, { all: true }).catch(() => undefined), late]);
  return found?.map(({ address }) => normalizeAddress(address) ?? address);
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

function same(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((item) => b.has(item));
}

/**
 * What no task may name: the Kubernetes API, the ClearML API's own address and port, and the router's own ports on every address
 * that leads to it. Found anew now and then, since the addresses of host names and of the machine change.
 */
export interface ForbiddenAddresses {
  /** Empty before the first `refresh`. */
  readonly current: () => Forbidden;
  /** True when what is forbidden has changed. */
  readonly refresh: () => Promise<boolean>;
}

export function createForbiddenAddresses(
  settings: RouteSettings,
  kubernetesHost: string | undefined,
): ForbiddenAddresses {
  const kubernetes = kubernetesHost === undefined ? undefined : normalizeAddress(kubernetesHost);
  const forbiddenAddresses = new Set(kubernetes === undefined ? [] : [kubernetes]);
  const [outside, inside] = [publicRange(settings), listenRange(settings)];
  const range = outside === undefined ? [] : portsOf(outside);
  // A packet filter of this machine may lead its public ports to those that are listened on.
  const own = [
    settings.HTTP_PORT,
    settings.ADMIN_PORT,
    ...range,
    ...(inside === undefined ? [] : portsOf(inside)),
  ];
  /** The last answer stands while a name cannot be resolved. */
  const resolved = new Map<string, readonly string[]>();
  let forbiddenServices: ReadonlySet<string> = new Set();
  let due = 0;

  const addressesOf = async (host: string): Promise<readonly string[]> => {
    const literal = normalizeAddress(host.replace(/^\[(.*)\]$/, '$1'));
    if (literal !== undefined) return [literal];
    const found = await resolveHost(host);
    if (found !== undefined) resolved.set(host, found);
    return resolved.get(host) ?? [];
  };

  const find = async (): Promise<ReadonlySet<string>> => {
    const services = new Set<string>();
    const forbid = (addresses: readonly string[], ports: readonly number[]): void => {
      for (const address of addresses) {
        for (const port of ports) services.add(serviceKey(address, port));
      }
    };
    const { TCP_ROUTER_ADDRESS: tcpAddress, BIND_ADDRESS: bindAddress } = settings;
    const api = new URL(settings.CLEARML_API_HOST);
    const router = new URL(settings.ROUTER_URL.origin);
    const [apiAddresses, routerAddresses, tcpAddresses] = await Promise.all([
      addressesOf(api.hostname),
      addressesOf(router.hostname),
      tcpAddress === undefined ? [] : addressesOf(tcpAddress),
    ]);
    forbid(ownAddresses(), own);
    if (bindAddress !== undefined) {
      forbid([normalizeAddress(bindAddress) ?? bindAddress], own);
    }
    forbid(apiAddresses, [portOf(api)]);
    forbid(routerAddresses, [portOf(router)]);
    forbid(tcpAddresses, range);
    return services;
  };

  return {
    current: () => ({ forbiddenAddresses, forbiddenServices }),
    refresh: async () => {
      if (performance.now() < due) return false;
      const found = await find();
      const changed = due === 0 || !same(found, forbiddenServices);
      due = performance.now() + REFRESH_EVERY;
      forbiddenServices = found;
      return changed;
    },
  };
}
