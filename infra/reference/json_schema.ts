import { z } from 'zod';

import { PROJECT } from '../project.ts';
import { sections } from '../config/stack_config.ts';

/** The part of JSON Schema that the config uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

/** JSON Schema of every section, as people write them: before defaults and conversions. */
export function sectionSchemas(): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => {
      const { $schema: _, ...schema } = z.toJSONSchema(section, {
        io: 'input',
        unrepresentable: 'any',
      });
      return [name, schema as JsonSchema];
    }),
  );
}

/** What stands in a stack file for a value that is encrypted. */
const encrypted = {
  type: 'object',
  properties: { secure: { type: 'string' } },
  required: ['secure'],
  additionalProperties: false,
};

/** JSON Schema of a stack file, for editors. */
export function stackFileSchema(): object {
  const properties = Object.entries(sectionSchemas()).map(([name, schema]) => [
    `${PROJECT}:${name}`,
    asStored(schema),
  ]);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `Stack file of ${PROJECT}`,
    type: 'object',
    properties: { config: { type: 'object', properties: Object.fromEntries(properties) } },
  };
}

/** Secrets lie encrypted in the file, so what an editor should see there is `secure`. */
function asStored(schema: JsonSchema): unknown {
  if (schema.secret === true) {
    return { description: `${schema.description ?? ''} (encrypted)`.trim(), ...encrypted };
  }
  if (schema.properties === undefined) return schema;
  const secrets = new Set(
    Object.entries(schema.properties)
      .filter(([, inner]) => inner.secret === true)
      .map(([key]) => key),
  );
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([key, inner]) => [key, asStored(inner)]),
    ),
    ...(schema.required === undefined
      ? {}
      : { required: schema.required.filter((key) => !secrets.has(key)) }),
  };
}
