import { createHash } from 'node:crypto';

/** An object as it is sent to the API server. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly [key: string]: unknown;
}

type Group = Readonly<Record<string, unknown>>;

/** Annotations that tell Pulumi what to wait for; nobody else reads them. */
const OF_PULUMI = 'pulumi.com/';

/** Hex digits of the hash in a name: kustomize takes ten letters for the same purpose. */
const HASH_LENGTH = 10;

/**
 * An object of the program for whoever applies it without Pulumi. One without a name gets that of its resource and a hash of its content,
 * so that another content is another object, as with Pulumi, and the same one always has the same name.
 */
export function manifestOf(resource: string, inputs: Group): Manifest {
  const { metadata = {}, ...content } = inputs as { readonly metadata?: Group };
  const {
    annotations = {},
    name,
    ...others
  } = metadata as {
    readonly annotations?: Group;
    readonly name?: string;
  };
  const kept = Object.entries(annotations).filter(([key]) => !key.startsWith(OF_PULUMI));
  return {
    ...content,
    metadata: {
      name: name ?? `${resource}-${hashOf(content)}`,
      ...others,
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
  } as unknown as Manifest;
}

function hashOf(content: Group): string {
  const text = JSON.stringify(sorted(content));
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}

/** Keys in one order, so that equal contents have one text. */
export function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
