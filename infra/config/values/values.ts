import { isIP } from 'node:net';

import { z } from 'zod';

import { readNetwork } from '../../../router/settings/networks.ts';
import { isPlaceholder } from './placeholder.ts';
import { Secret } from './secret.ts';

declare module 'zod' {
  interface GlobalMeta {
    /** The value must be stored encrypted, and is wrapped from the moment it was read. */
    secret?: boolean;
  }
}

/** One of several words. */
export function oneOf<const W extends readonly string[]>(...words: W) {
  const error = `expected ${words.join(', ').replace(/, ([^,]+)$/, ' or $1')}`;
  return z.enum(words, { error });
}

/** A text that is not empty. */
export function filledText(what: string) {
  return z.string({ error: `expected ${what}` }).min(1, `expected ${what}`);
}

/** A text of a form. */
export function textLike(form: RegExp, what: string) {
  return z.string({ error: `expected ${what}` }).regex(form, `expected ${what}`);
}

/** A whole number within bounds. */
export function wholeNumber(what: string, low: number, high = Number.MAX_SAFE_INTEGER) {
  const error = `expected ${what}`;
  return z.int({ error }).min(low, error).max(high, error);
}

const dnsLabelPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** RFC 1123 label: the form that Kubernetes asks of most names. */
export const dnsLabel = z
  .string({ error: 'expected a name' })
  .regex(dnsLabelPattern, 'expected lower-case letters, digits and "-", 63 at most');

/** RFC 1123 subdomain: names of Secrets, ConfigMaps and classes. */
export const objectName = z
  .string({ error: 'expected the name of a Kubernetes object' })
  .max(253, 'expected 253 characters at most')
  .refine((name) => name.split('.').every((label) => dnsLabelPattern.test(label)), {
    error: 'expected the name of a Kubernetes object: lower-case letters, digits, "-" and "."',
  });

/** A key in the data of a Secret or ConfigMap. */
export const dataKey = z
  .string({ error: 'expected a key of its data' })
  .regex(/^[-._a-zA-Z0-9]{1,253}$/, 'expected a key of its data: letters, digits, "-", "_", "."');

/** Whether every label of a host name is one that DNS can hold. A trailing dot, as in the guide's `https://api.`, is not. */
export function isHostName(host: string): boolean {
  return host.length <= 253 && host.split('.').every((label) => dnsLabelPattern.test(label));
}

/** Whether the text is an IPv4 (four decimal parts) or IPv6 address, without a zone. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%');
}

/** A host name: no scheme, no port, no address. */
export const hostName = z
  .string({ error: 'expected a host name' })
  .trim()
  .toLowerCase()
  .refine(isHostName, { error: 'expected a host name such as tasks.example.com' });

/** An address that TCP clients dial: an IP address or a host name. */
export const address = z
  .string({ error: 'expected an IP address or a host name' })
  .trim()
  .toLowerCase()
  .refine((text) => isIpAddress(text) || isHostName(text), {
    error: 'expected an IP address or a host name, without scheme and port',
  });

/**
 * An `http` or `https` URL without credentials, query and fragment; slashes at its end are dropped. One with credentials is
 * never quoted.
 */
export function httpUrlSuchAs(example: string) {
  return z
    .string({ error: `expected a URL such as ${example}` })
    .trim()
    .transform((text, context) => {
      const refuse = (message: string): never => {
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      };
      const url = URL.parse(text);
      if (url === null) return refuse(`expected a complete URL such as ${example}`);
      if (url.username + url.password !== '') {
        return refuse(
          'holds a user name or a password, which have no place in a URL; replace them at their source, since they were readable',
        );
      }
      const host = url.hostname.replaceAll(/[[\]]/g, '');
      const usable =
        (url.protocol === 'http:' || url.protocol === 'https:') &&
        (isIpAddress(host) || isHostName(host)) &&
        url.search + url.hash === '';
      if (!usable) return refuse(`expected a complete URL such as ${example}`);
      return url.href.replace(/\/+$/, '');
    });
}

/** URL of one of ClearML's servers. */
export const httpUrl = httpUrlSuchAs('https://api.clearml.example.com');

/**
 * A network in CIDR form, e.g. `10.244.0.0/16`, in the one spelling that the router and Kubernetes read alike. An address alone,
 * which the router takes for itself, is none to Kubernetes.
 */
const cidr = z
  .string({ error: 'expected a network such as 10.244.0.0/16' })
  .trim()
  .transform((text, context) => {
    const reading = readNetwork(text);
    if (reading.ok && text.includes('/')) return reading.text;
    const message = reading.ok
      ? `expected a network in CIDR form, such as 10.244.0.0/16; for this address alone write ${reading.text}`
      : reading.problem;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** A list of networks. */
export const cidrs = z.array(cidr, { error: 'expected a list of networks in CIDR form' });

/** A TCP port. */
export const port = wholeNumber('a port from 1 to 65535', 1, 65_535);

/** Whole seconds, zero included. */
export const seconds = z
  .int({ error: 'expected a whole number of seconds' })
  .min(0, 'expected a whole number of seconds, 0 or more');

/** `true` or `false`, not the texts. */
export const flag = z.boolean({ error: 'expected true or false' });

/** Labels or annotations. */
export const textMap = z.record(z.string(), z.string({ error: 'expected a text (use quotes)' }), {
  error: 'expected keys with texts',
});

/** A part of Kubernetes' own API, handed on as it is: the API server checks it. */
export const kubernetesObject = z.record(z.string(), z.json(), {
  error: 'expected a group of keys',
});

/**
 * A secret value: refused when empty or a left-over placeholder, then wrapped so that nothing shows it. Whether it
 * was stored encrypted is for `plain_secrets.ts` to judge.
 *
 * @param shortest characters that the value has at least; each of them where white space separates several.
 */
export function secretText(expected: string, shortest = 1): z.ZodType<Secret> {
  return z
    .string({ error: `expected ${expected}` })
    .trim()
    .refine((text) => text.split(/\s+/).every(({ length }) => length >= shortest), {
      error: `expected ${expected}`,
    })
    .refine((text) => !isPlaceholder(text), { error: `expected ${expected}, not a placeholder` })
    .transform((text) => new Secret(text))
    .meta({ secret: true });
}
