import { z } from 'zod';

import { isHostName, isIpAddress } from './values.ts';

/** The place that users open. */
export interface ExternalUrl {
  /** As written; undefined where only a host was given. */
  readonly scheme: 'http' | 'https' | undefined;
  /** Lower case; IPv6 addresses without brackets. */
  readonly host: string;
  /** Undefined for the scheme's own port. */
  readonly port: number | undefined;
}

function parse(text: string): ExternalUrl | undefined {
  const match = /^(?:(https?):\/\/)?([^/]+)\/?$/i.exec(text.trim());
  const [, scheme, authority] = match ?? [];
  const url = URL.parse(`${scheme ?? 'http'}://${authority ?? ''}`);
  if (url === null || url.username + url.password !== '') return undefined;
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  if (!isIpAddress(host) && !isHostName(host)) return undefined;
  return {
    scheme: scheme === undefined ? undefined : (url.protocol.slice(0, -1) as 'http' | 'https'),
    host,
    port: url.port === '' ? undefined : Number(url.port),
  };
}

const expected = 'expected a host such as task-router.example.com, with or without https://';

/** A host with or without scheme and port; the installation guide writes it both ways. */
export const externalUrl = z.string({ error: expected }).transform((text, context): ExternalUrl => {
  const parsed = parse(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
});
