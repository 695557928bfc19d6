import { z } from 'zod';

import { RENAMED_KEYS } from '../config/reading/renamed_keys.ts';
import { secretLeaves, unwrap } from '../config/reading/secret_leaves.ts';
import { stackConfig } from '../config/reading/schema.ts';
import { unaskedAddress } from '../config/decisions/unasked_address.ts';
import { keyOfSetting } from '../config/decisions/router_settings.ts';
import { isPlaceholder } from '../config/values/placeholder.ts';
import { inType } from './in_type.ts';
import { entryOf, valueAt } from '../config/values/value_at.ts';
import { REMOVED_SETTINGS } from '../../router/settings/schema.ts';

/** A values file in the words of a stack. */
export interface Converted {
  /** Config by section, as it goes into the stack file. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Values that have to be encrypted, by path. */
  readonly secrets: readonly { readonly path: string; readonly value: string }[];
  /** Keys without a counterpart, each with why. */
  readonly leftOut: readonly LeftOut[];
  /** What was taken over as it is, and deserves a second look. */
  readonly warnings: readonly string[];
  /** What values files say nothing of, and users notice. */
  readonly notes: readonly string[];
}

interface LeftOut {
  readonly path: string;
  readonly why: string;
}

type Group = Record<string, unknown>;

/** Keys of the charts that mean nothing here, or all below them, and why. */
const POINTLESS: Readonly<Record<string, string>> = {
  customCertificates: 'only certificates in PEM form have a place, clearml.caCertificates',
  'imageCredentials.email': 'registries no longer ask for it',
  'imageCredentials.enabled': 'a password or an existing pull secret switches it on',
  'proxy.logsToStdout': 'the router always logs there',
  'proxy.autoReloadConfig': 'routes change without a reload',
  proxy: 'the router is one process; there is no proxy beside it',
};

/** The charts know no levels of access. */
const WHO_MAY_OPEN =
  "who may open an endpoint: on an open-source server, which shows every task to everybody, its task's owner alone; on other servers " +
  'whoever may see the task. For that on any server: pulumi config set --path router.access.default visible';

/** Turns values of any of the vendor's three generations into config. */
export function convertValues(values: Readonly<Record<string, unknown>>): Converted {
  const leftOut: LeftOut[] = [];
  const renamed = rename(withOneHost(values, leftOut), [], {});
  takeEnvironment(renamed, leftOut);
  takeCertificates(renamed);
  takeListOfNames(renamed);
  takeOneExposure(renamed, leftOut);
  takeRangeType(renamed);
  const config = known(stackConfig, renamed, [], leftOut) as Group;
  const secrets = secretLeaves(stackConfig).flatMap((path) => {
    const value = take(config, path);
    return typeof value === 'string' && value !== '' ? [{ path: path.join('.'), value }] : [];
  });
  const unasked = unaskedAddress(config['tcpSession']);
  const warnings = unasked === undefined ? [] : [unasked];
  return { config: withoutEmpty(config), secrets, leftOut, warnings, notes: [WHO_MAY_OPEN] };
}

/** `externalURL` is the host with its scheme. Where both are given and differ, the Ingress' own host stays. */
function withOneHost(values: Group, leftOut: LeftOut[]): Group {
  const { externalURL: url, ...others } = values;
  const ingress = others['ingress'];
  const host = isGroup(ingress) ? (ingress['hostName'] ?? ingress['hostname']) : undefined;
  if (typeof url !== 'string' || typeof host !== 'string') return { ...values };
  const plain = (text: string): string => text.replace(/^https?:\/\//, '').replace(/\/$/, '');
  if (plain(url) === plain(host)) {
    return { ...others, ingress: { ...(ingress as Group), hostName: url } };
  }
  leftOut.push({ path: 'externalURL', why: `ingress.hostName names another host, ${host}` });
  return others;
}

/** Moves each key to its name here. */
function rename(value: unknown, path: readonly string[], result: Group): Group {
  const successor = entryOf(RENAMED_KEYS, path.join('.'));
  const target = successor?.split('.') ?? path;
  if (!isGroup(value) || (successor !== undefined && !isSection(successor))) {
    if (path.length > 0) put(result, target, value);
    return result;
  }
  for (const [key, inner] of Object.entries(value)) rename(inner, [...target, key], result);
  return result;
}

function isSection(name: string): boolean {
  return !name.includes('.');
}

/** `extraEnvs` is a list of names and values; settings that a key decides on go to that key's place in the report. */
function takeEnvironment(config: Group, leftOut: LeftOut[]): void {
  const list = valueAt(config, ['pod', 'env']);
  if (!Array.isArray(list)) return;
  const env: Group = {};
  for (const entry of list) {
    if (!isGroup(entry) || typeof entry['name'] !== 'string') continue;
    const { name, value } = entry;
    const key = keyOfSetting(name.toUpperCase());
    const removed = entryOf(REMOVED_SETTINGS, name.toUpperCase());
    if (name === 'LISTEN_QUEUE_NAME' && typeof value === 'string') {
      const queues = value.split(',').map((queue) => queue.trim());
      put(
        config,
        ['router', 'queues'],
        queues.filter((queue) => queue !== ''),
      );
    } else if (removed !== undefined) {
      leftOut.push({ path: `router.extraEnvs ${name}`, why: removed });
    } else if (key !== undefined) {
      leftOut.push({ path: `router.extraEnvs ${name}`, why: `use ${key}` });
    } else if (typeof value === 'string' || typeof value === 'number') {
      env[name] = String(value);
    } else if (isGroup(entry['valueFrom'])) {
      env[name] = { valueFrom: entry['valueFrom'] };
    } else {
      leftOut.push({ path: `router.extraEnvs ${name}`, why: 'it has neither value nor valueFrom' });
    }
  }
  put(config, ['pod', 'env'], env);
}

/** `customCertificates.extraCerts` are further files of the same meaning. */
function takeCertificates(config: Group): void {
  const extra = valueAt(config, ['customCertificates', 'extraCerts']);
  const texts = [valueAt(config, ['clearml', 'caCertificates']), ...certificateTexts(extra)];
  const given = texts.filter((text): text is string => typeof text === 'string' && text !== '');
  if (given.length === 0) return;
  put(config, ['clearml', 'caCertificates'], given.map((text) => text.trim()).join('\n'));
  delete config['customCertificates'];
}

function certificateTexts(value: unknown): unknown[] {
  if (typeof value === 'string' && value.includes('-----BEGIN CERTIFICATE-----')) return [value];
  return isGroup(value) || Array.isArray(value)
    ? Object.values(value).flatMap(certificateTexts)
    : [];
}

/** Pull secrets come as one name, as names, or as objects with names. */
function takeListOfNames(config: Group): void {
  const path = ['imageCredentials', 'existingImagePullSecrets'];
  const value = valueAt(config, path);
  if (value === undefined) return;
  const names = (Array.isArray(value) ? value : [value])
    .map((item: unknown) => (isGroup(item) ? item['name'] : item))
    .filter((name) => typeof name === 'string' && name !== '');
  put(config, path, names);
}

/** The charts make their Service a NodePort behind an Ingress, too; here that would be a second exposure. */
function takeOneExposure(config: Group, leftOut: LeftOut[]): void {
  if (inType(z.boolean(), valueAt(config, ['ingress', 'enabled'])) !== true) return;
  const type = take(config, ['service', 'type']);
  if (type === undefined || type === 'ClusterIP') return;
  leftOut.push({ path: 'service.type', why: 'the Ingress exposes HTTP; there is one exposure' });
}

/** The charts open the range on every node where nothing is said; the default here is a load balancer. */
function takeRangeType(config: Group): void {
  const path = ['tcpSession', 'service', 'type'];
  const isSaid = typeof valueAt(config, path) === 'string' && valueAt(config, path) !== '';
  if (isSaid || !isGroup(valueAt(config, ['tcpSession', 'portRange']))) return;
  put(config, path, 'NodePort');
}

/** Keeps what the schema knows, in the type that it asks for, and notes the rest and what is still to be filled in. */
function known(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly string[],
  leftOut: LeftOut[],
): unknown {
  const inner = unwrap(schema);
  if (inner !== undefined) return known(inner, value, path, leftOut);
  if (!(schema instanceof z.core.$ZodObject) || !isGroup(value)) return inType(schema, value);
  const result: Group = {};
  for (const [key, item] of Object.entries(value)) {
    const keyPath = [...path, key];
    const next = entryOf(schema._zod.def.shape, key);
    if (next === undefined) {
      leaveOut(item, keyPath, leftOut);
    } else if (typeof item === 'string' && isPlaceholder(item.trim())) {
      leftOut.push({ path: keyPath.join('.'), why: `${item.trim()} is a placeholder` });
    } else if (item !== null && item !== '') {
      result[key] = known(next, item, keyPath, leftOut);
    }
  }
  return result;
}

/** Each value below a key without a counterpart, with its own reason where it has one. */
function leaveOut(value: unknown, path: readonly string[], leftOut: LeftOut[]): void {
  if (isGroup(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) leaveOut(inner, [...path, key], leftOut);
    return;
  }
  const [section = ''] = path;
  const why = entryOf(POINTLESS, path.join('.')) ?? entryOf(POINTLESS, section) ?? 'no counterpart';
  leftOut.push({ path: path.join('.'), why });
}

function withoutEmpty(config: Group): Group {
  const isEmpty = (value: unknown): boolean =>
    isGroup(value) && Object.values(value).every((inner) => isEmpty(inner));
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isEmpty(value)));
}

function isGroup(value: unknown): value is Group {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function put(group: Group, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (key === '__proto__') return;
  if (rest.length === 0) {
    group[key] = value;
    return;
  }
  const existing = group[key];
  const inner: Group = isGroup(existing) ? existing : {};
  group[key] = inner;
  put(inner, rest, value);
}

/** Reads and removes. */
function take(group: Group, path: readonly string[]): unknown {
  const parent = valueAt(group, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (!isGroup(parent)) return undefined;
  const value = parent[key];
  delete parent[key];
  return value;
}
