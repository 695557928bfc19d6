import { Output, output, Resource } from '@pulumi/pulumi';

import type { Problem } from '../config/values/problem.ts';
import { INPUT_PATHS } from './args.ts';
import { checkedLater } from './checked_later.ts';
import { standIn } from './stand_ins.ts';

/** What was found in the arguments beside texts. */
export interface Found {
  /** Values of other resources by their stand-ins' index. */
  readonly values: Output<string>[];
  /** The same at places where they have to be known, and what no stack file could say. */
  readonly misplaced: Problem[];
}

const MAY_BE_INPUT: ReadonlySet<string> = new Set(INPUT_PATHS);

/** In the place of what is misplaced: it passes no check of a schema, so that no rule judges others by it. */
const MISPLACED = Symbol('misplaced');

const OF_RESOURCE =
  'comes from another resource, and what is made depends on it; write it as a text, a number, true or false';

/**
 * The arguments with stand-ins for what is not known yet.
 *
 * @param found gets what is met on the way.
 * @param around groups and lists that the value lies in.
 */
export function known(
  value: unknown,
  path: readonly string[],
  found: Found,
  around: readonly object[] = [],
): unknown {
  const key = path.join('.');
  if (Output.isInstance(value) || value instanceof Promise) {
    if (!MAY_BE_INPUT.has(key)) return misplaced(path, OF_RESOURCE, found);
    const later = output(value as Output<string>).apply((text) => checkedLater(path, text));
    return standIn(key, found.values.push(later) - 1);
  }
  const objection = objectionTo(value);
  if (objection !== undefined) return misplaced(path, objection, found);
  if (typeof value !== 'object' || value === null) return value;
  if (around.includes(value)) return misplaced(path, 'holds itself', found);
  const inside = [...around, value];
  if (Array.isArray(value)) {
    return value.map((inner, index) => known(inner, [...path, String(index)], found, inside));
  }
  if (key === 'ingress.hostName') return httpsHost(value, path, found);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, known(inner, [...path, name], found, inside)]),
  );
}

/** Why a value can be in no stack, whatever its key. */
function objectionTo(value: unknown): string | undefined {
  if (typeof value === 'function') return 'is a function; give what it returns';
  if (typeof value === 'symbol') return 'is a symbol, which no key takes';
  if (typeof value === 'bigint') return `is a BigInt; write ${String(value)} without the n`;
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return `is ${value}, which is no number`;
  }
  if (Resource.isInstance(value)) return 'is a resource; give one of its values';
  return undefined;
}

function misplaced(path: readonly string[], message: string, { misplaced: all }: Found): symbol {
  all.push({ path, message });
  return MISPLACED;
}

function httpsHost(value: object, path: readonly string[], found: Found): unknown {
  const [[name, host] = [], ...others] = Object.entries(value) as [string, unknown][];
  const isLater = Output.isInstance(host) || host instanceof Promise;
  const isHost = typeof host === 'string' && /^[^/]+$/.test(host);
  if (name !== 'https' || others.length > 0 || !(isLater || isHost)) {
    const message = 'expected a host, or { https: host } where TLS ends before the cluster';
    return misplaced(path, message, found);
  }
  return `https://${String(known(host, path, found))}`;
}
