/** A type of the Kubernetes API, as its OpenAPI document says it. */
export interface Definition {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly items?: Definition;
  readonly additionalProperties?: Definition;
  readonly required?: readonly string[];
}

/** The part of one version's API that this program uses. */
export interface ApiSchema {
  /** Where it was taken from. */
  readonly source: string;
  /** Names of definitions by `apiVersion:kind`. */
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, Definition>>;
}

/** What an API server that refuses unknown fields would say of an object; nothing for kinds that are not Kubernetes' own. */
export function violations(api: ApiSchema, object: Readonly<Record<string, unknown>>): string[] {
  const { apiVersion, kind } = object;
  const definition = api.definitions[api.kinds[`${String(apiVersion)}:${String(kind)}`] ?? ''];
  return definition === undefined ? [] : check(api, definition, object, String(kind));
}

function check(api: ApiSchema, definition: Definition, value: unknown, path: string): string[] {
  const type = resolved(api, definition);
  // Types that say nothing of their content, such as a MicroTime or an int-or-string.
  if (type.format === 'int-or-string') {
    return typeof value === 'number' || typeof value === 'string'
      ? []
      : [`${path}: neither number nor text`];
  }
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) return [`${path}: no list`];
      return value.flatMap((item, index) =>
        check(api, type.items ?? {}, item, `${path}[${index}]`),
      );
    case 'string':
      return typeof value === 'string' ? [] : [`${path}: no text but ${typeof value}`];
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: neither true nor false`];
    case 'integer':
      return Number.isInteger(value) ? [] : [`${path}: no whole number`];
    case 'number':
      return typeof value === 'number' ? [] : [`${path}: no number`];
    default:
      return checkObject(api, type, value, path);
  }
}

function checkObject(api: ApiSchema, type: Definition, value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${path}: no object`];
  }
  const missing = (type.required ?? [])
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${path}.${name}: missing`);
  const wrong = Object.entries(value).flatMap(([name, inner]) => {
    const property = type.properties?.[name] ?? type.additionalProperties;
    if (property !== undefined) return check(api, property, inner, `${path}.${name}`);
    const isOpen = type.properties === undefined;
    return isOpen ? [] : [`${path}.${name}: unknown field`];
  });
  return [...missing, ...wrong];
}

function resolved(api: ApiSchema, definition: Definition): Definition {
  if (definition.$ref === undefined) return definition;
  return api.definitions[definition.$ref.replace('#/definitions/', '')] ?? {};
}
