import { CommandError, type OutputMap, type Stack } from '@pulumi/pulumi/automation/index.js';

import { z } from 'zod';

import { LabError } from '../errors.ts';

/** What an update did. */
export interface UpResult {
  readonly outputs: OutputMap;
  /** Number of resources by what was done to them: `create`, `same`, `update`, … */
  readonly changes: Readonly<Record<string, number>>;
  /** What was done to each resource that was not left the same, in the engine's order. */
  readonly steps: readonly Step[];
}

/** One step of the engine. */
export interface Step {
  /** `create`, `update`, `replace`, `create-replacement`, `delete-replaced`, `delete`. */
  readonly op: string;
  /** Kind and name: `Service task-router`. */
  readonly resource: string;
}

const withTcp = z.object({ tcp: z.object({ value: z.object({ address: z.string() }) }) });

/** The address that TCP users connect to, as the program puts it out. */
export function tcpAddressOf(outputs: OutputMap): string {
  return withTcp.parse(outputs).tcp.value.address;
}

/** A resource that the CLI is through with: its type without package and version, its name, and what was done. */
const DONE = /^ *[-+~]+ +\S+[:/](\S+ \S+ (?:created|updated|replaced|deleted))\b/;

/**
 * Runs `pulumi up`.
 *
 * @throws LabError `COMMAND_FAILED` with the CLI's own words, where it failed.
 */
export async function stackUp(
  stack: Stack,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<UpResult> {
  const steps: Step[] = [];
  try {
    const result = await stack.up({
      color: 'never',
      signal,
      onEvent: ({ resourcePreEvent }) => {
        if (resourcePreEvent === undefined) return;
        const { op, type, urn } = resourcePreEvent.metadata;
        if (op === 'same') return;
        steps.push({ op, resource: `${type.split(':').at(-1)} ${urn.split('::').at(-1)}` });
      },
      onOutput: (text) => {
        for (const line of text.split('\n')) {
          const [, done] = DONE.exec(line) ?? [];
          if (done !== undefined) tell(done);
        }
      },
    });
    const changes = result.summary.resourceChanges ?? {};
    return { outputs: result.outputs, changes: { ...changes }, steps };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new LabError('COMMAND_FAILED', `pulumi up failed.\n${diagnostics(error.message)}`, {
      cause: error,
    });
  }
}

/** The part of the CLI's output that says what is wrong. */
function diagnostics(output: string): string {
  const start = output.indexOf('Diagnostics:');
  if (start < 0) return output;
  const text = output.slice(start);
  const end = text.search(/\n(Outputs|Resources):/);
  return end < 0 ? text : text.slice(0, end);
}
