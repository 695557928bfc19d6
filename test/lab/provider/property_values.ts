/** A value as JSON carries it; what Pulumi sends and stores is made of these. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of the above: a resource's inputs, its state, a Kubernetes object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Pulumi's wire format: the key that marks a wrapped value, what it says for a secret, and a value not known yet. */
const SIGNATURE = '4dabf18193072939515e22adb298388d';
const SECRET = '1b47061264138c4ac30d75fd1eb44270';
/** A value that is not known yet. */
export const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isSecret(value: Json): value is JsonObject {
  return isObject(value) && value[SIGNATURE] === SECRET;
}

/** Wraps a value so that the engine encrypts it in the state. */
export function secret(value: Json): JsonObject {
  return { [SIGNATURE]: SECRET, value };
}

function mapValues(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, change(value, key)]),
  );
}

function plainValue(value: Json): Json {
  if (isSecret(value)) return plainValue(value['value'] ?? null);
  if (isList(value)) return value.map(plainValue);
  return isObject(value) ? mapValues(value, plainValue) : value;
}

/** The same properties without secret wrappers, at any depth. */
export function plain(properties: JsonObject): JsonObject {
  return mapValues(properties, plainValue);
}

/** True for a value that is known only after another resource has been made. */
export function isUnknown(value: Json | undefined): boolean {
  return value === UNKNOWN;
}

/** True where some value is known only after another resource has been made. */
export function hasUnknown(value: Json): boolean {
  if (isList(value)) return value.some(hasUnknown);
  if (isObject(value)) return Object.values(value).some(hasUnknown);
  return isUnknown(value);
}

function keepSecretValue(value: Json, source: Json | undefined): Json {
  if (source === undefined) return value;
  if (isSecret(source)) return secret(value);
  if (isObject(value) && isObject(source)) {
    return mapValues(value, (inner, key) => keepSecretValue(inner, source[key]));
  }
  if (isList(value) && isList(source)) {
    return value.map((inner, index) => keepSecretValue(inner, source[index]));
  }
  return value;
}

/**
 * The object as the state keeps it: what is secret in `inputs` is secret here, and so are the values of a Secret, which the
 * API server returns in another form than they were given.
 */
export function keepSecrets(object: JsonObject, inputs: JsonObject): JsonObject {
  const kept = mapValues(object, (value, key) => keepSecretValue(value, inputs[key]));
  if (object['kind'] !== 'Secret') return kept;
  return mapValues(kept, (value, key) =>
    (key === 'data' || key === 'stringData') && !isSecret(value) ? secret(value) : value,
  );
}
