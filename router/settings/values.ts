import { isIP } from 'node:net';
import * as z from 'zod';
import { ENDPOINT_LEVELS } from '../grammar/access_level.ts';
import { parseJson } from '../grammar/json.ts';
import { IDLE_POLICY } from './idle_policy.ts';
import { type Cidr, readNetwork } from './networks.ts';

/** Where users find the router, taken apart once so that no request needs `new URL`. */
export interface RouterUrl {
  /** Scheme, host and port, without a slash at the end. */
  readonly origin: string;
  /** Lower case, with the port where it is not the scheme's own. */
  readonly host: string;
  /** Lower case, without port. */
  readonly hostname: string;
  readonly secure: boolean;
}

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** Stands for all namespaces of a cluster. */
export const EVERY_NAMESPACE = '*';

const NAMESPACE = /^(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$/;

/** Turns what a reader makes of a text into a zod type; `undefined` from the reader means that it expected `expected`. */
function text<T>(expected: string, read: (value: string) => T | undefined) {
  return z.string().transform((value, context): T => {
    const result = read(value);
    if (result === undefined) {
      context.addIssue({ code: 'custom', message: `expected ${expected}` });
      return z.NEVER;
    }
    return result;
  });
}

function readUrl(value: string): URL | undefined {
  const url = URL.parse(value);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return undefined;
  }
  return url;
}

function readList<T>(value: string, read: (item: string) => T | undefined): T[] | undefined {
  const items = value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map(read);
  return items.some((item) => item === undefined) ? undefined : (items as T[]);
}

function readNumber(value: string, pattern: RegExp, low: number, high: number): number | undefined {
  if (!pattern.test(value)) return undefined;
  const number = Number(value);
  return number >= low && number <= high ? number : undefined;
}

/** `true`, `false`, `1`, `0`, `yes`, `no`, in any case: what shells, YAML and other charts write. */
export const flag = text('true or false', (value) => {
  if (/^(true|1|yes)$/i.test(value)) return true;
  if (/^(false|0|no)$/i.test(value)) return false;
  return undefined;
});

/** Who may use an endpoint. */
export const endpointLevel = z.enum(ENDPOINT_LEVELS, {
  error: `expected ${ENDPOINT_LEVELS.join(', ').replace(/, (?=[^,]*$)/, ' or ')}`,
});

/** Seconds as a decimal number, kept as whole milliseconds. */
export function seconds(low: number, high: number) {
  return text(`seconds from ${low} to ${high}, fractions allowed`, (value) => {
    const number = readNumber(value, /^\d{1,9}(\.\d{1,9})?$/, low, high);
    return number === undefined ? undefined : Math.round(number * 1000);
  });
}

/** A whole number within bounds. */
export function whole(low: number, high: number) {
  return text(`a whole number from ${low} to ${high}`, (value) =>
    readNumber(value, /^\d{1,9}$/, low, high),
  );
}

/** A URL of http or https that names a host alone: the router's pages and endpoints start at its root. */
export const routerUrl = text(
  'a URL with scheme and host and without a path, such as https://task-router.example.com',
  (value): RouterUrl | undefined => {
    const url = readUrl(value);
    if (url === undefined || url.pathname !== '/') return undefined;
    return {
      origin: url.origin,
      host: url.host,
      hostname: url.hostname,
      secure: url.protocol === 'https:',
    };
  },
);

/** A URL of http or https, a path allowed; without a slash at the end. */
export const serviceUrl = text(
  'a URL with scheme, such as https://api.clear.example.com',
  (value) => {
    const url = readUrl(value);
    return url === undefined ? undefined : `${url.origin}${url.pathname}`.replace(/\/$/, '');
  },
);

/** A DNS host name, lower case. */
export const hostName = text('a host name, such as router.example.com', (value) => {
  const name = value.toLowerCase();
  return HOST_NAME.test(name) && isIP(name) === 0 ? name : undefined;
});

/** An address that TCP users connect to: an IP address or a host name. */
export const connectAddress = text('an IP address or a host name', (value) =>
  isIP(value) !== 0 || HOST_NAME.test(value.toLowerCase()) ? value : undefined,
);

/** A literal IP address. */
export const ipAddress = text('an IP address', (value) => (isIP(value) === 0 ? undefined : value));

/** Networks, comma separated; an address alone stands for itself. */
export const cidrs = z.string().transform((value, context): readonly Cidr[] => {
  const readings = (readList(value, (item) => item) ?? []).map(readNetwork);
  return readings.flatMap((reading, at) => {
    if (reading.ok) return [reading.network];
    const which = readings.length === 1 ? '' : `number ${at + 1} of the list: `;
    context.addIssue({ code: 'custom', message: which + reading.problem });
    return [];
  });
});

/** Names, comma separated. */
export const names = text('names, comma separated', (value) => readList(value, (item) => item));

/** Namespaces, comma separated; `*` alone stands for all of the cluster. */
export const namespaces = text('names of namespaces, comma separated, or * alone', (value) => {
  const items = readList(value, (item) => (NAMESPACE.test(item) ? item : undefined));
  return items?.includes(EVERY_NAMESPACE) === true && items.length > 1 ? undefined : items;
});

/** One or two secrets separated by white space: two while one takes over from the other. */
export function secrets(shortest: number) {
  return text(
    `one value, or two separated by white space, of at least ${shortest} characters each`,
    (value) => {
      const values = value.split(/\s+/).filter((item) => item !== '');
      return values.length >= 1 &&
        values.length <= 2 &&
        values.every((item) => item.length >= shortest)
        ? values
        : undefined;
    },
  );
}

/** A name that is safe in a header, a label and a file name. */
export const plainName = text(
  'a name of letters, digits, dots, dashes and underscores, at most 64',
  (value) => (/^[A-Za-z0-9._-]{1,64}$/.test(value) ? value : undefined),
);

/** A cookie's name: a token of RFC 9110. */
export const cookieName = text('the name of a cookie', (value) =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/.test(value) ? value : undefined,
);

/** What is stopped when idle, as JSON. */
export const idlePolicy = z
  .string()
  .transform((value) => parseJson(value))
  .pipe(IDLE_POLICY);
