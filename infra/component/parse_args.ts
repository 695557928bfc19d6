import {
  getStack,
  Output,
  output,
  type ResourceTransform,
  type ResourceTransformResult,
} from '@pulumi/pulumi';

import { readConfig } from '../config/reading/read.ts';
import type { StackConfig } from '../config/stack_config.ts';
import type { Problem } from '../config/values/problem.ts';
import { Secret } from '../config/values/secret.ts';
import { ResourceSecret } from '../secrets/hidden.ts';
import { INPUT_PATHS, type TaskRouterArgs } from './args.ts';
import { checkedLater } from './checked_later.ts';
import { filled, standIn } from './stand_ins.ts';

/** Arguments as the program reads a stack. */
export interface ParsedArgs {
  /** For messages: what the arguments are those of. */
  readonly stack: string;
  /** With a stand-in for each value of another resource. */
  readonly config: StackConfig;
  /** Puts those values in place of their stand-ins, in every text of a value. */
  readonly fill: (value: unknown) => unknown;
  /** Does so in every object; none where all was known. */
  readonly transforms: readonly ResourceTransform[];
}

/** What was found in the arguments beside texts. */
interface Found {
  /** Values of other resources by their stand-ins' index. */
  readonly values: Output<string>[];
  /** The same at places where they have to be known. */
  readonly misplaced: Problem[];
}

const MAY_BE_INPUT: ReadonlySet<string> = new Set(INPUT_PATHS);

/**
 * Checks and parses the arguments of the component called `name`.
 *
 * @throws InfraError `config-invalid`, whose message lists every problem. What comes from other resources is checked by the same
 *   schema as soon as it is known.
 */
export function parseArgs(name: string, args: TaskRouterArgs): ParsedArgs {
  const found: Found = { values: [], misplaced: [] };
  const sections = known(args, [], found) as Readonly<Record<string, object>>;
  const raw = {
    ...sections,
    router: { name, ...sections['router'] },
    // It comes by the component's provider.
    kubernetes: { ...sections['kubernetes'], context: 'of the provider' },
  };
  const stack = `${getStack()}, component ${name},`;
  const config = readConfig({
    stack,
    values: Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, JSON.stringify(value)]),
    ),
    storage: { isEncrypted: () => true, file: undefined },
    objections: found.misplaced,
  });
  const { values } = found;
  const fill = (value: unknown): unknown => filled(value, values);
  return {
    stack,
    config: withSecrets(config, values) as StackConfig,
    fill,
    // Without options, as in `objectTransforms`, the engine keeps those of the resource.
    transforms:
      values.length === 0
        ? []
        : [({ props }) => ({ props: fill(props) }) as ResourceTransformResult],
  };
}

/** The arguments with stand-ins for what is not known yet. */
function known(value: unknown, path: readonly string[], found: Found): unknown {
  const key = path.join('.');
  if (Output.isInstance(value) || value instanceof Promise) {
    if (MAY_BE_INPUT.has(key)) {
      const later = output(value as Output<string>).apply((text) => checkedLater(path, text));
      return standIn(key, found.values.push(later) - 1);
    }
    const message =
      'comes from another resource, and what is made depends on it; write it as a text, a number, true or false';
    found.misplaced.push({ path, message });
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return value.map((inner, index) => known(inner, [...path, String(index)], found));
  }
  if (key === 'ingress.hostName' && 'https' in value) {
    return `https://${String(known(value.https, path, found))}`;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, known(inner, [...path, name], found)]),
  );
}

/** The config with secrets that know where their values come from: they are not looked for in texts, since some are encoded there. */
function withSecrets(value: unknown, values: readonly Output<string>[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Secret) {
    const text = filled(value.reveal(), values);
    return Output.isInstance(text) ? new ResourceSecret(text as Output<string>) : value;
  }
  if (Array.isArray(value)) return value.map((inner) => withSecrets(inner, values));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withSecrets(inner, values)]),
  );
}
