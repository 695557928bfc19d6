import { z } from 'zod';

import { unwrap } from '../config/reading/secret_leaves.ts';

/** What YAML 1.1, in which Helm reads a values file, takes for true or false (https://yaml.org/type/bool.html). */
const TRUE = /^(true|yes|on)$/i;
const FALSE = /^(false|no|off)$/i;

/**
 * A value in the type that its key asks for: values files hold `"true"` and `"8080"` where a template or `--set-string` wrote them, and
 * numbers where Helm writes any text out. A value that cannot be meant stays as it is.
 */
export function inType(schema: z.core.$ZodType, value: unknown): unknown {
  const inner = unwrap(schema);
  if (inner !== undefined) return inType(inner, value);
  if (schema instanceof z.core.$ZodArray && Array.isArray(value)) {
    return value.map((item: unknown) => inType(schema._zod.def.element, item));
  }
  if (schema instanceof z.core.$ZodRecord && typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, inType(schema._zod.def.valueType, item)]),
    );
  }
  if (schema instanceof z.core.$ZodString) {
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  }
  if (typeof value !== 'string') return value;
  if (schema instanceof z.core.$ZodBoolean && (TRUE.test(value) || FALSE.test(value))) {
    return TRUE.test(value);
  }
  return schema instanceof z.core.$ZodNumber && /^-?\d+$/.test(value) ? Number(value) : value;
}
