import { portOf } from '../../grammar/authority.ts';
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import {
  listenRange,
  portsOf,
  publicRange,
  type TcpRangeSettings,
} from '../../settings/tcp_range.ts';
import { sameSet } from '../model/same.ts';
import { forbiddenKey, normalizeAddress, type AddressRules } from './address.ts';
import type { Settings } from '../../settings/settings.ts';

type OwnPlaces = TcpRangeSettings &
  Pick<
    Settings,
    | 'HTTP_PORT'
    | 'ADMIN_PORT'
    | 'BIND_ADDRESS'
    | 'TCP_ROUTER_ADDRESS'
    | 'CLEARML_API_HOST'
    | 'ROUTER_URL'
  > &
  Partial<Pick<Settings, 'HEALTH_PORT' | 'ROUTER_PAGES_URL'>>;
type Forbidden = Pick<AddressRules, 'forbiddenAddresses' | 'forbiddenServices'>;

/** How long a name server is waited for; what it said before stays in force. */
const RESOLVE_TIMEOUT_MS = 2_000;
/** How often host names are resolved again and the addresses of the machine are read again. */
const REFRESH_EVERY_MS = 30_000;

async function resolveHost(host: string): Promise<readonly string[] | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, RESOLVE_TIMEOUT_MS, undefined).unref();
  });
  const found = await Promise.race([lookup(host, { all: true }).catch(() => undefined), late]);
  return found?.map(({ address }) => normalizeAddress(address) ?? address);
}

/** Addresses of this machine or pod. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map(({ address }) => normalizeAddress(address.split('%')[0] ?? '') ?? address);
}

/**
 * What no task may name: the Kubernetes API, the ClearML API's own address and port, and the router's own ports on every address
 * that leads to it. Found anew now and then, since the addresses of host names and of the machine change.
 */
export function createForbiddenAddresses(settings: OwnPlaces, kubernetesHost: string | undefined) {
  const kubernetes = kubernetesHost === undefined ? undefined : normalizeAddress(kubernetesHost);
  const forbiddenAddresses = new Set(kubernetes === undefined ? [] : [kubernetes]);
  const [outside, inside] = [publicRange(settings), listenRange(settings)];
  const range = outside === undefined ? [] : portsOf(outside);
  // A packet filter of this machine may lead its public ports to those that are listened on.
  const own = [
    settings.HTTP_PORT,
    ...(settings.HEALTH_PORT === undefined ? [] : [settings.HEALTH_PORT]),
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
        for (const port of ports) services.add(forbiddenKey(address, port));
      }
    };
    const { TCP_ROUTER_ADDRESS: tcpAddress, BIND_ADDRESS: bindAddress } = settings;
    const api = new URL(settings.CLEARML_API_HOST);
    const router = new URL(settings.ROUTER_URL.origin);
    const pages = new URL((settings.ROUTER_PAGES_URL ?? settings.ROUTER_URL).origin);
    const [apiAddresses, routerAddresses, pagesAddresses, tcpAddresses] = await Promise.all([
      addressesOf(api.hostname),
      addressesOf(router.hostname),
      addressesOf(pages.hostname),
      tcpAddress === undefined ? [] : addressesOf(tcpAddress),
    ]);
    forbid(ownAddresses(), own);
    if (bindAddress !== undefined) forbid([normalizeAddress(bindAddress) ?? bindAddress], own);
    forbid(apiAddresses, [portOf(api)]);
    forbid(routerAddresses, [portOf(router)]);
    forbid(pagesAddresses, [portOf(pages)]);
    forbid(tcpAddresses, range);
    return services;
  };

  return {
    /** Empty before the first `refresh`. */
    current: (): Forbidden => ({ forbiddenAddresses, forbiddenServices }),
    /** True when what is forbidden has changed. */
    refresh: async (): Promise<boolean> => {
      if (performance.now() < due) return false;
      const found = await find();
      const changed = due === 0 || !sameSet(found, forbiddenServices);
      due = performance.now() + REFRESH_EVERY_MS;
      forbiddenServices = found;
      return changed;
    },
  };
}
