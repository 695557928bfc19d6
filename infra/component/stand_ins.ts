import { type Input, Output, output } from '@pulumi/pulumi';

/** What a certificate begins with; its stand-in does, too, so that it passes for one. */
const CERTIFICATE = '-----BEGIN CERTIFICATE-----';

const CERTIFICATES: ReadonlySet<string> = new Set([
  'tls.certificate',
  'clearml.caCertificates',
  'router.taskCa',
]);

const STAND_IN =
  /(?:-----BEGIN CERTIFICATE-----)?from-pulumi-input-(\d+)-end|2001:db8:7461:736b::(\d+)$/g;

/**
 * A text that the schema takes for a value at the path: a label of DNS, which is a host, a name and a secret as well; for
 * certificates with their first line, for addresses of load balancers an address that documentation alone has (RFC 3849).
 */
export function standIn(path: string, index: number): string {
  if (path.endsWith('.loadBalancerIP')) return `2001:db8:7461:736b::${index}`;
  return `${CERTIFICATES.has(path) ? CERTIFICATE : ''}from-pulumi-input-${index}-end`;
}

/**
 * Puts values in place of their stand-ins, in every text of a value, however deep; what Pulumi has yet to learn is looked into once it
 * is known.
 *
 * @param values by the index of their stand-ins.
 */
export function filled(value: unknown, values: readonly Input<string>[]): unknown {
  if (typeof value === 'string') return filledText(value, values);
  if (typeof value !== 'object' || value === null) return value;
  if (Output.isInstance(value)) return value.apply((known) => filled(known, values));
  if (Array.isArray(value)) return value.map((inner) => filled(inner, values));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, filled(inner, values)]),
  );
}

function filledText(text: string, values: readonly Input<string>[]): Input<string> {
  const found = [...text.matchAll(STAND_IN)];
  if (found.length === 0) return text;
  const wanted = found.map(([, index, ofAddress]) => values[Number(index ?? ofAddress)] ?? '');
  return output(wanted).apply((known) => {
    let next = 0;
    return text.replaceAll(STAND_IN, () => known[next++] ?? '');
  });
}
