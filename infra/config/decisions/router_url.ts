import type { StackConfig } from '../stack_config.ts';
import { isSecure } from './tls.ts';

/** URL that users open. Without a scheme in config, a certificate decides. */
export function routerUrl(config: StackConfig): string {
  return urlOf(config, config.ingress.hostName.host);
}

/** URL of the router's own pages and API. */
export function pagesUrl(config: StackConfig): string {
  const { pagesHostName, hostName } = config.ingress;
  return urlOf(config, pagesHostName ?? hostName.host);
}

function urlOf(config: StackConfig, host: string): string {
  const { port } = config.ingress.hostName;
  const name = host.includes(':') ? `[${host}]` : host;
  const scheme = isSecure(config) ? 'https' : 'http';
  return `${scheme}://${name}${port === undefined ? '' : `:${port}`}`;
}
