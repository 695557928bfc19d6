import { z } from 'zod';

import { stackConfig } from '../config/reading/schema.ts';
import { unwrap } from '../config/reading/secret_leaves.ts';
import type { ExternalUrl } from '../config/values/external_url.ts';
import { InfraError } from '../errors.ts';

/**
 * A value that another resource gave for a key, checked by the key's schema, in the spelling that a config has.
 *
 * @throws InfraError `config-invalid`; the value is not quoted, since it may be secret.
 */
export function checkedLater(path: readonly string[], value: unknown): string {
  const key = path.join('.');
  const refuse = (message: string): never => {
    throw new InfraError('config-invalid', `${key}, from another resource: ${message}`);
  };
  if (typeof value !== 'string') return refuse('expected a text');
  const { data, error } = schemaAt(stackConfig, path).safeParse(value);
  if (error !== undefined) return refuse(error.issues.map(({ message }) => message).join('; '));
  if (key === 'ingress.hostName') {
    const { host, port, scheme } = data as ExternalUrl;
    if (scheme === undefined && port === undefined) return host;
    return refuse('expected a host alone; where TLS ends before the cluster, give { https: host }');
  }
  return typeof data === 'string' ? data : value;
}

function schemaAt(schema: z.core.$ZodType, [key, ...rest]: readonly string[]): z.ZodType {
  if (key === undefined) return schema as z.ZodType;
  const inner = unwrap(schema);
  if (inner !== undefined) return schemaAt(inner, [key, ...rest]);
  const next = schema instanceof z.core.$ZodObject ? schema._zod.def.shape[key] : undefined;
  if (next === undefined) throw new Error(`The schema has no ${key}.`);
  return schemaAt(next, rest);
}
