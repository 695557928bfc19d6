import { createHmac } from 'node:crypto';
import {
  bearer,
  endpoint,
  lab,
  request,
  table,
  taskId,
  tokenOf,
} from '../../support/auth_fixture.ts';
import { median } from '../quantile.ts';
import type { ScenarioResult } from '../report.ts';
import type { Scenario } from '../scenario.ts';

/** What a signature over the same token costs in the same process. */
const YARDSTICK = 'createHmac';

/** The gate where it has nothing to ask anybody. */
export const WARM_ACCESS: Scenario = {
  name: 'one access check, everything cached',
  unit: 'µs',
  better: 'less',
  goals: [{ of: 'value', comparison: 'at most', against: { absolute: 5 } }],
  // Measured in this process by measureWarmAccess: no peer has a gate.
  run: () => Promise.resolve(undefined),
};

/** Microseconds that one call takes, the middle of several rounds. */
function timed(seconds: number, once: () => void): number {
  const rounds: number[] = [];
  const COUNT = 10_000;
  const end = performance.now() + seconds * 1_000;
  do {
    const began = performance.now();
    for (let i = 0; i < COUNT; i += 1) once();
    rounds.push(((performance.now() - began) * 1_000) / COUNT);
  } while (performance.now() < end);
  return median(rounds);
}

/** Asks the gate about one request again and again, for half of the time, and signs the token for the other half. */
export async function measureWarmAccess(seconds: number): Promise<ScenarioResult> {
  const id = taskId('a');
  // No answer may grow old while it is measured: that would be a question to ClearML.
  const { auth, clearml } = await lab(table([endpoint(id)]), { ACCESS_CACHE_SECONDS: '300' });
  const token = await tokenOf('owner');
  clearml.grant(token, id);
  const asked = request(id, bearer(token));
  const first = await auth.gate.admit(asked);
  if (first.outcome !== 'admitted') throw new Error(`the gate answered ${first.outcome}`);
  const admit = (): void => {
    if (auth.gate.admit(asked) instanceof Promise) throw new Error('the check was not warm');
  };
  try {
    timed(0.2, admit);
    const value = timed(seconds / 2, admit);
    const yardstick = timed(seconds / 2, () => {
      createHmac('sha256', 'a-secret-of-32-characters-0123456').update(token).digest('base64url');
    });
    return {
      scenario: WARM_ACCESS,
      measured: new Map([
        ['router', [{ value }]],
        [YARDSTICK, [{ value: yardstick }]],
      ]),
    };
  } finally {
    auth.close();
  }
}
