import { type JsonSchema, sectionSchemas } from './json_schema.ts';

/** The reference of all keys: a table per section. */
export function referenceMarkdown(): string {
  return Object.entries(sectionSchemas())
    .map(([name, schema]) => section(name, schema))
    .join('\n');
}

function section(name: string, schema: JsonSchema): string {
  const group = schema.type === 'array' ? (schema.items ?? {}) : schema;
  const whole = {
    path: name,
    key: { ...schema, description: 'Keys and texts of your own' },
    isRequired: false,
  };
  const rows = (group.properties === undefined ? [whole] : keysOf(name, group)).map(
    ({ path, key, isRequired }) =>
      `| \`${path}\` | ${cell(typeOf(key))} | ${cell(isRequired ? '**required**' : defaultOf(key))} | ${cell(key.description ?? '')} |`,
  );
  return [
    `### ${name}`,
    '',
    schema.description ?? '',
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

interface Key {
  readonly path: string;
  readonly key: JsonSchema;
  readonly isRequired: boolean;
}

function keysOf(path: string, schema: JsonSchema): Key[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, key]): Key[] => {
    const keyPath = `${path}.${name}`;
    const isRequired = schema.required?.includes(name) === true;
    if (key.items?.properties !== undefined) {
      return [{ path: keyPath, key, isRequired }, ...keysOf(`${keyPath}[]`, key.items)];
    }
    if (key.properties === undefined) return [{ path: keyPath, key, isRequired }];
    // The default of a group is told key by key.
    const { default: _, ...group } = key;
    return [{ path: keyPath, key: group, isRequired }, ...keysOf(keyPath, key)];
  });
}

function typeOf(schema: JsonSchema): string {
  if (schema.secret === true) return 'secret text';
  const { const: only, enum: choices = only === undefined ? undefined : [only] } = schema;
  if (choices !== undefined) return choices.map((value) => `\`${value}\``).join(', ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.type === 'array') {
    const item = schema.items?.type;
    return item === undefined || item === 'object' ? 'list' : `list of ${plain(item)}s`;
  }
  if (schema.properties !== undefined) return 'group';
  return plain(schema.type ?? 'any');
}

function plain(type: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    integer: 'number',
    boolean: 'true or false',
    object: 'keys with values',
  };
  return names[type] ?? type;
}

function defaultOf({ default: value }: JsonSchema): string {
  if (value === undefined) return '';
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return isEmpty ? '' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
