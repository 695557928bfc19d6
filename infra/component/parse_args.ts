import {
  getStack,
  Output,
  type ResourceTransform,
  type ResourceTransformResult,
} from '@pulumi/pulumi';

import { readConfig, report } from '../config/reading/read.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { Secret } from '../config/values/secret.ts';
import { InfraError } from '../errors.ts';
import { ResourceSecret } from '../secrets/hidden.ts';
import type { TaskRouterArgs } from './args.ts';
import { type Found, known } from './known.ts';
import { filled } from './stand_ins.ts';

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

/**
 * Checks and parses the arguments of the component called `name`.
 *
 * @throws InfraError `config-invalid`, whose message lists every problem. What comes from other resources is checked by the same
 *   schema as soon as it is known.
 */
export function parseArgs(name: string, args: TaskRouterArgs): ParsedArgs {
  const found: Found = { values: [], misplaced: [] };
  const stack = `${getStack()}, component ${name},`;
  const sections = sectionsOf(stack, args, found);
  const { kubernetes = {}, router = {} } = sections;
  const config = readConfig({
    stack,
    values: {
      ...sections,
      router: isGroup(router) ? { name, ...router } : router,
      // It comes by the component's provider.
      kubernetes: isGroup(kubernetes) ? { ...kubernetes, context: 'of the provider' } : kubernetes,
    },
    storage: { isEncrypted: () => true, file: undefined },
    objections: found.misplaced,
    remedies: 'argument',
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

function sectionsOf(stack: string, args: unknown, found: Found): Readonly<Record<string, unknown>> {
  const sections = known(args, [], found);
  if (isGroup(sections)) return sections;
  const message = found.misplaced[0]?.message ?? 'expected the sections of a stack as a group';
  throw new InfraError('config-invalid', report(stack, [{ path: ['arguments'], message }]));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
