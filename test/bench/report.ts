import { cpus, release } from 'node:os';
import type { Measurement, Scenario } from './scenario.ts';

/** Figures of one scenario by the name of the peer. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly measured: ReadonlyMap<string, Measurement>;
}

/** How a goal came out. */
interface Verdict {
  readonly goal: string;
  readonly ratio: number;
  readonly met: boolean;
}

function verdictsOf({ scenario, measured }: ScenarioResult): readonly Verdict[] {
  const ours = measured.get('router');
  return scenario.goals.flatMap(({ peer, of, comparison, times }) => {
    const [mine, theirs] = [ours?.[of], measured.get(peer)?.[of]];
    if (mine === undefined || theirs === undefined) return [];
    const ratio = mine / theirs;
    const goal = `${of === 'cpu' ? 'CPU ' : ''}${comparison} ${times} × ${peer}`;
    return [{ goal, ratio, met: comparison === 'at least' ? ratio >= times : ratio <= times }];
  });
}

/** The result as a table for the terminal and the README (Markdown). */
export function tableOf(results: readonly ScenarioResult[]): string {
  const lines: string[] = [];
  for (const result of results) {
    const { scenario, measured } = result;
    const ours = measured.get('router')?.value;
    lines.push(
      '',
      `### ${scenario.name}`,
      '',
      '| | ' + scenario.unit + ' | CPU µs each | router / it |',
    );
    lines.push('|---|--:|--:|--:|');
    for (const [peer, { value, cpu }] of measured) {
      const ratio = ours === undefined || peer === 'router' ? '' : (ours / value).toFixed(2);
      lines.push(
        `| ${peer} | ${rounded(value)} | ${cpu === undefined ? '' : rounded(cpu)} | ${ratio} |`,
      );
    }
    for (const { goal, ratio, met } of verdictsOf(result)) {
      lines.push(`${met ? '✔' : '✖'} ${goal}: ${ratio.toFixed(2)}`);
    }
  }
  return lines.join('\n');
}

/** The same for programs. */
export function jsonOf(results: readonly ScenarioResult[], seconds: number): string {
  const { model = 'unknown', speed = 0 } = cpus()[0] ?? {};
  return JSON.stringify(
    {
      machine: { cpu: model, megahertz: speed, cores: cpus().length, kernel: release() },
      node: process.version,
      secondsEach: seconds,
      scenarios: results.map((result) => ({
        name: result.scenario.name,
        unit: result.scenario.unit,
        measured: Object.fromEntries(result.measured),
        goals: verdictsOf(result),
      })),
    },
    undefined,
    2,
  );
}

function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
