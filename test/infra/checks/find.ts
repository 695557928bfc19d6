import assert from 'node:assert/strict';

import { type Check, performChecks } from '../../../infra/checks/check.ts';

/** The lines that a command writes for these checks, and whether it ends well. */
export async function linesOf(
  checks: readonly Check[],
): Promise<{ readonly isGood: boolean; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const isGood = await performChecks(checks, (line) => lines.push(line));
  return { isGood, lines };
}

/** What the command writes for the check with this title: its line, and the fix below it. */
export async function told(checks: readonly Check[], title: string): Promise<readonly string[]> {
  const wanted = checks.filter((check) => check.title === title);
  assert.equal(wanted.length, 1, `${title}: ${checks.map((check) => check.title).join(', ')}`);
  return (await linesOf(wanted)).lines;
}
