import { CommandError, type OutputMap, type Stack } from '@pulumi/pulumi/automation/index.js';

import { LabError } from '../errors.ts';

/** What an update did. */
export interface UpResult {
  readonly outputs: OutputMap;
  /** Number of resources by what was done to them: `create`, `same`, `update`, … */
  readonly changes: Readonly<Record<string, number>>;
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
  try {
    const result = await stack.up({
      color: 'never',
      signal,
      onOutput: (text) => {
        for (const line of text.split('\n')) {
          const [, done] = DONE.exec(line) ?? [];
          if (done !== undefined) tell(done);
        }
      },
    });
    const changes = result.summary.resourceChanges ?? {};
    return { outputs: result.outputs, changes: { ...changes } };
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
