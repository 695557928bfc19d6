import type { TaskWork } from '../../../router/clearml/task_work.ts';
import { counted } from '../../counted.ts';
import type { IdleLook } from './ask.ts';
import { tableOf } from './table.ts';
import type { Row } from './verdict.ts';

const NO_POLICY =
  'router.idle is left out, so nothing is ever stopped. Set it, and this tells before pulumi up what it would stop.';

const LEFT_OUT =
  'router.idle is left out of the stack, but one is in force until the next pulumi up.';

const LEGEND = [
  'STOPPED: by router.idle of the stack, as if it had been in force all the time; pulumi up begins all counts anew.',
  'REPORTED: the last line of the console by a clock of the task, and whatever else ClearML was told since, in which',
  'scalars, statistics of the machine and edits are not told apart. Before it stops a task the router asks for more:',
  'scalars, and a Jupyter for its kernels and terminals.',
];

/** What a look found, for people: a line each. */
export function reportOf(look: IdleLook): readonly string[] {
  const { known, rows, unknown } = look;
  return [
    ...unknown.map((sentence) => `• ${sentence}`),
    ...(rows.length === 0
      ? ['No task is routed.']
      : [...tableOf(rows, known), '', sumOf(look), ...LEGEND]),
  ];
}

function sumOf({ known, rows }: IdleLook): string {
  if (known.policy === undefined) {
    return rows.some(({ task }) => task.counted !== undefined) ? LEFT_OUT : NO_POLICY;
  }
  if (!known.allSeen) return 'Nothing is stopped while not all use is known.';
  const now = rows.filter((row) => row.now).length;
  return `${counted(now, 'task')} of ${rows.length} would be stopped now, as far as is known.`;
}

function instant(milliseconds: number | undefined): string | null {
  return milliseconds === undefined ? null : new Date(milliseconds).toISOString();
}

/** The same for programs. */
export function jsonOf({ known, rows, unknown }: IdleLook) {
  return {
    at: instant(known.now),
    policy: known.policy ?? null,
    unknown,
    tasks: rows.map((row) => ({
      id: row.task.id,
      name: row.task.name,
      type: row.task.type,
      project: row.task.project,
      owner: row.task.owner,
      queue: row.task.queue,
      queueName: row.queue ?? null,
      endpoints: row.task.endpoints,
      lastUsedAt: instant(row.task.usedAt),
      idleSeconds: seconds(row.idle),
      countedByRouter: row.task.counted !== undefined,
      reported: reportedJson(row.work),
      listed: row.listed,
      stoppedAfterSeconds: seconds(row.period),
      wouldBeStoppedNow: row.now,
      stops: row.stops,
    })),
  };
}

function seconds(milliseconds: Row['idle']): number | null {
  return milliseconds === undefined ? null : Math.round(milliseconds / 1000);
}

/** Null where ClearML was not asked, or has no such task any more. */
function reportedJson(work: TaskWork | null | undefined) {
  if (work === null || work === undefined) return null;
  return { lastLineAt: instant(work.lineAt), lastChangeAt: instant(work.updatedAt) };
}
