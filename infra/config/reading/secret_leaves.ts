import { z } from 'zod';

/** Paths of all values that must be stored encrypted, e.g. `['clearml', 'apiServerSecret']`. */
export function secretLeaves(
  schema: z.core.$ZodType,
  path: readonly string[] = [],
): readonly (readonly string[])[] {
  if (z.globalRegistry.get(schema)?.secret === true) return [path];
  const inner = unwrap(schema);
  if (inner !== undefined) return secretLeaves(inner, path);
  if (!(schema instanceof z.core.$ZodObject)) return [];
  return Object.entries(schema._zod.def.shape).flatMap(([key, value]) =>
    secretLeaves(value, [...path, key]),
  );
}

/** The schema inside of `.optional()`, `.default()`, `.prefault()` and `.transform()`. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.core.$ZodPipe) return schema._zod.def.in;
  if (
    schema instanceof z.core.$ZodOptional ||
    schema instanceof z.core.$ZodDefault ||
    schema instanceof z.core.$ZodPrefault
  ) {
    return schema._zod.def.innerType;
  }
  return undefined;
}
