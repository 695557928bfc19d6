import { cpus, release } from 'node:os';
import type { Goal, Measurement, Scenario } from './scenario.ts';

/** Figures of one scenario by the name of the peer. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly measured: ReadonlyMap<string, Measurement>;
}

/** How a goal came out. */
export interface Verdict {
  readonly scenario: string;
  readonly goal: string;
  /** The ratio, the difference or the figure that the goal speaks of; undefined where one of the two was not measured. */
  readonly figure: number | undefined;
  readonly met: boolean;
}

function wordsOf({ subject, of, comparison, against }: Goal, unit: string): string {
  const what = (subject === undefined ? '' : `${subject}: `) + (of === 'cpu' ? 'CPU ' : '');
  if ('absolute' in against) return `${what}${comparison} ${against.absolute} ${unit}`;
  if ('above' in against) {
    return `${what}${comparison} ${against.above} ${unit} more than ${against.peer}`;
  }
  return `${what}${comparison} ${against.ratio} × ${against.peer}`;
}

function judge(goal: Goal, { scenario, measured }: ScenarioResult): Verdict {
  const { against, of, comparison } = goal;
  const mine = measured.get(goal.subject ?? 'router')?.[of];
  const theirs = 'peer' in against ? measured.get(against.peer)?.[of] : 0;
  const words = { scenario: scenario.name, goal: wordsOf(goal, scenario.unit) };
  if (mine === undefined || theirs === undefined) {
    return { ...words, figure: undefined, met: false };
  }
  const [figure, bound] =
    'ratio' in against
      ? [mine / theirs, against.ratio]
      : [mine - theirs, 'above' in against ? against.above : against.absolute];
  return { ...words, figure, met: comparison === 'at least' ? figure >= bound : figure <= bound };
}

/** All goals of all that was measured, in the order of the scenarios. */
export function verdictsOf(results: readonly ScenarioResult[]): readonly Verdict[] {
  return results.flatMap((result) => result.scenario.goals.map((goal) => judge(goal, result)));
}

function lineOf({ goal, figure, met }: Verdict): string {
  if (figure === undefined) return `? ${goal}: not measured`;
  return `${met ? '✔' : '✖'} ${goal}: ${figure.toFixed(2)}`;
}

/** Each scenario as a table for the terminal (Markdown), its goals below it. */
export function tablesOf(results: readonly ScenarioResult[]): string {
  const lines: string[] = [];
  for (const result of results) {
    const { scenario, measured } = result;
    const ours = measured.get('router')?.value;
    lines.push('', `### ${scenario.name}`, '');
    lines.push(`| | ${scenario.unit} | CPU µs each | router / it |`, '|---|--:|--:|--:|');
    for (const [peer, { value, cpu }] of measured) {
      const ratio = ours === undefined || peer === 'router' ? '' : (ours / value).toFixed(2);
      lines.push(
        `| ${peer} | ${rounded(value)} | ${cpu === undefined ? '' : rounded(cpu)} | ${ratio} |`,
      );
    }
    lines.push('', ...verdictsOf([result]).map(lineOf));
  }
  return lines.join('\n');
}

/** All of it in one table for the README: the router's figures, and how many times better than each peer it is. */
export function summaryOf(results: readonly ScenarioResult[], peers: readonly string[]): string {
  const lines = [
    `| | router | ${peers.join(' | ')} | goals |`,
    `|---|--:|${peers.map(() => '--:|').join('')}---|`,
  ];
  for (const result of results) {
    const { scenario, measured } = result;
    const ours = measured.get('router')?.value;
    const cells = peers.map((peer) => {
      const theirs = measured.get(peer)?.value;
      if (ours === undefined || theirs === undefined) return '';
      return (scenario.better === 'more' ? ours / theirs : theirs / ours).toFixed(2);
    });
    const goals = verdictsOf([result]).map(lineOf).join('; ');
    const own = ours === undefined ? '' : `${rounded(ours)} ${scenario.unit}`;
    lines.push(`| ${scenario.name} | ${own} | ${cells.join(' | ')} | ${goals} |`);
  }
  return lines.join('\n');
}

/** One line for each goal that is not met, and how many are. */
export function conclusionOf(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ met }) => !met);
  const count = `${verdicts.length - missed.length} of ${verdicts.length} goals are met`;
  return [count, ...missed.map((each) => `${each.scenario}: ${lineOf(each)}`)].join('\n');
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
        goals: verdictsOf([result]),
      })),
    },
    undefined,
    2,
  );
}

function rounded(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
