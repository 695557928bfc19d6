import { cpus, release } from 'node:os';
import { median } from './quantile.ts';
import type { Goal, Measurement, Scenario } from './scenario.ts';

/** Rounds of one scenario by the name of the peer, each peer's in the order of time. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly measured: ReadonlyMap<string, readonly Measurement[]>;
}

/** The middle of a peer's rounds. */
function figureOf(rounds: readonly Measurement[], of: Goal['of']): number | undefined {
  const values = rounds.flatMap((round) => round[of] ?? []);
  return values.length === 0 ? undefined : median(values);
}

/**
 * The middle of what two peers have to do with each other in each round. Their turns in a round lie next to each other, so that a
 * machine that is faster at one time than at another does not count for either.
 */
function comparedBy(
  compare: (mine: number, theirs: number) => number,
  of: Goal['of'],
  mine: readonly Measurement[] = [],
  theirs: readonly Measurement[] = [],
): number | undefined {
  const each = mine.flatMap((round, index) => {
    const own = round[of];
    const other = theirs[index]?.[of];
    return own === undefined || other === undefined ? [] : [compare(own, other)];
  });
  return each.length === 0 ? undefined : median(each);
}

const ratio = (mine: number, theirs: number): number => mine / theirs;
const difference = (mine: number, theirs: number): number => mine - theirs;

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
  const mine = measured.get(goal.subject ?? 'router');
  const theirs = 'peer' in against ? measured.get(against.peer) : undefined;
  const [figure, bound] =
    'ratio' in against
      ? [comparedBy(ratio, of, mine, theirs), against.ratio]
      : 'above' in against
        ? [comparedBy(difference, of, mine, theirs), against.above]
        : [figureOf(mine ?? [], of), against.absolute];
  const met =
    figure !== undefined && (comparison === 'at least' ? figure >= bound : figure <= bound);
  return { scenario: scenario.name, goal: wordsOf(goal, scenario.unit), figure, met };
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
    lines.push('', `### ${scenario.name}`, '');
    lines.push(`| | ${scenario.unit} | CPU µs each | router / it |`, '|---|--:|--:|--:|');
    for (const [peer, rounds] of measured) {
      const compared =
        peer === 'router' ? undefined : comparedBy(ratio, 'value', measured.get('router'), rounds);
      const cells = [figureOf(rounds, 'value'), figureOf(rounds, 'cpu')].map(textOf);
      lines.push(`| ${[peer, ...cells, compared?.toFixed(2) ?? ''].join(' | ')} |`);
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
    const ours = measured.get('router');
    const cells = peers.map((peer) => {
      const theirs = measured.get(peer);
      const better =
        scenario.better === 'more'
          ? comparedBy(ratio, 'value', ours, theirs)
          : comparedBy(ratio, 'value', theirs, ours);
      return better?.toFixed(2) ?? '';
    });
    const goals = verdictsOf([result]).map(lineOf).join('; ');
    const own = ours === undefined ? '' : `${textOf(figureOf(ours, 'value'))} ${scenario.unit}`;
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
      scenarios: results.map((result) => ({
        name: result.scenario.name,
        unit: result.scenario.unit,
        secondsEachTurn: seconds * (result.scenario.long?.turn ?? 1),
        rounds: Object.fromEntries(result.measured),
        goals: verdictsOf([result]),
      })),
    },
    undefined,
    2,
  );
}

function textOf(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
