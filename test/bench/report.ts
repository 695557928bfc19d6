import { cpus, release } from 'node:os';
import { median } from './quantile.ts';
import type { Goal, Measurement, Scenario } from './scenario.ts';

/** Rounds of one scenario by the name of the peer, each peer's in the order of time. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly measured: ReadonlyMap<string, readonly Measurement[]>;
}

/** What many rounds come to: their middle, or their sum. */
function together({ sums = false }: Scenario, values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  return sums ? values.reduce((sum, each) => sum + each, 0) : median(values);
}

/** What a peer's rounds come to. */
function figureOf(
  scenario: Scenario,
  rounds: readonly Measurement[],
  of: Goal['of'],
): number | undefined {
  return together(
    scenario,
    rounds.flatMap((round) => round[of] ?? []),
  );
}

/**
 * What two peers have to do with each other in each round, taken together. Their turns in a round lie next to each other, so that a
 * machine that is faster at one time than at another does not count for either.
 */
function comparedBy(
  scenario: Scenario,
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
  return together(scenario, each);
}

/** How many times as much, where sums or what may be nothing has no such ratio. */
function timesAsMuch(
  scenario: Scenario,
  mine?: readonly Measurement[],
  theirs?: readonly Measurement[],
): string {
  const times =
    scenario.sums === true ? undefined : comparedBy(scenario, ratio, 'value', mine, theirs);
  return times === undefined || !Number.isFinite(times) ? '' : times.toFixed(2);
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
      ? [comparedBy(scenario, ratio, of, mine, theirs), against.ratio]
      : 'above' in against
        ? [comparedBy(scenario, difference, of, mine, theirs), against.above]
        : [figureOf(scenario, mine ?? [], of), against.absolute];
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

/** The names of what a scenario's figures are made of. */
function partsOf({ measured }: ScenarioResult): readonly string[] {
  return Object.keys([...measured.values()][0]?.[0]?.parts ?? {});
}

/** Each scenario as a table for the terminal (Markdown), its goals below it. */
export function tablesOf(results: readonly ScenarioResult[]): string {
  const lines: string[] = [];
  for (const result of results) {
    const { scenario, measured } = result;
    lines.push('', `### ${scenario.name}`, '');
    const parts = partsOf(result);
    lines.push(`| ${['', scenario.unit, ...parts, 'CPU µs each', 'router / it'].join(' | ')} |`);
    lines.push(`|---|${'--:|'.repeat(parts.length + 3)}`);
    const ours = measured.get('router');
    for (const [peer, rounds] of measured) {
      const cells = [
        figureOf(scenario, rounds, 'value'),
        ...parts.map((part) =>
          together(
            scenario,
            rounds.flatMap((round) => round.parts?.[part] ?? []),
          ),
        ),
        figureOf(scenario, rounds, 'cpu'),
      ].map(textOf);
      const compared = peer === 'router' ? '' : timesAsMuch(scenario, ours, rounds);
      lines.push(`| ${[peer, ...cells, compared].join(' | ')} |`);
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
      return scenario.better === 'more'
        ? timesAsMuch(scenario, ours, theirs)
        : timesAsMuch(scenario, theirs, ours);
    });
    const goals = verdictsOf([result]).map(lineOf).join('; ');
    const own =
      ours === undefined ? '' : `${textOf(figureOf(scenario, ours, 'value'))} ${scenario.unit}`;
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
  return value >= 100 || value === 0 ? String(Math.round(value)) : value.toPrecision(3);
}
