import type { ClearMl } from '../../clearml/clearml.ts';
import { LAST_USED_KEY } from '../../grammar/runtime_keys.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { endpointAnswers, missingAnswers, type AnswerRules } from './endpoint_answers.ts';
import { createEditQueue, type Edit } from './edit_queue.ts';
import type { RoutedTask } from '../table/assembly.ts';
import { createCompetingRouters } from './competing_routers.ts';
import type { LastUse } from './last_use.ts';
import { createRepeatedWrites } from './repeated_writes.ts';
import { staticRouteUrl, type StaticRouteRule } from '../static/static_routes.ts';

export interface TaskAnswersParts {
  readonly rules: AnswerRules;
  readonly lastUse: LastUse;
  readonly clearml: Pick<ClearMl, 'writeRuntime'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'answersRestored'>;
  /** Asked before each write: whether this replica leads. */
  readonly mayWrite: () => boolean;
}

type Values = Edit['values'] | undefined;

/** Answers that are missing for this long are told, on replicas that do not write, too. */
const MISSED_MS = 30_000;

function refusalNotice(why: string): string {
  return `ClearML refuses the answer of this router, which is not seen in the task: its account may see the task and not edit it, as with a public one, or the task takes no edit now (${why}); what is listed here holds all the same`;
}

const NOT_STANDING =
  'the answer of this router does not stand in the task; what is listed here holds all the same';
const GAVE_WAY =
  'another router answers in this task, and this one has given way; what is listed here holds for this one';

/** Which answers should stand in the tasks, which do not, and the writing of those. For ever: an answer can be lost at any time. */
export function createTaskAnswers(parts: TaskAnswersParts) {
  const { rules, lastUse } = parts;
  let routed: ReadonlyMap<string, RoutedTask> = new Map();
  let plannedBy: readonly StaticRouteRule[] = [];
  let staticUrls: ReadonlyMap<string, string> = new Map();
  const competitors = createCompetingRouters(rules.routerName, rules.stamper);
  const repeats = createRepeatedWrites();
  let stampedBy = rules.stamper.keys();
  /** Since when answers of a task are missing. */
  const missingSince = new Map<string, number>();
  /** What is missing in each task; a task that did not change is the same object, and costs a look-up. */
  let judged = new WeakMap<RoutedTask, { readonly missing: Values }>();
  let incomplete: readonly (readonly [string, RoutedTask])[] = [];
  /** Tasks as they were when their last edit was made. */
  const edited = new Map<string, RoutedTask>();
  /** Tasks whose answers stood once: what is missing there now was lost, and is restored. */
  const stood = new Set<string>();

  const queue = createEditQueue({
    clearml: parts.clearml,
    log: parts.log,
    mayWrite: parts.mayWrite,
    written: ({ taskId, values }) => {
      const { [LAST_USED_KEY]: used, ...answers } = values;
      if (used !== undefined) lastUse.written(taskId);
      if (Object.keys(answers).length === 0) return;
      competitors.answered(taskId, answers);
      const task = edited.get(taskId);
      if (task !== undefined) repeats.written(taskId, JSON.stringify([...answersOf(task)]));
      if (stood.delete(taskId)) parts.metrics.answersRestored.inc();
    },
  });

  const answersOf = ({ draft, endpoints, grants }: RoutedTask): ReadonlyMap<string, string> =>
    new Map(
      endpoints.flatMap((endpoint, index) => {
        const granted = grants[index] ?? {};
        const name = draft.endpoints[index]?.http?.staticRoute;
        const url = name === undefined ? undefined : staticUrls.get(name);
        return endpointAnswers(endpoint, granted, url, rules);
      }),
    );

  const missingOf = (task: RoutedTask): Values => {
    const before = judged.get(task);
    if (before !== undefined) return before.missing;
    const missing = missingAnswers(answersOf(task), task.draft.row.runtime);
    judged.set(task, { missing });
    return missing;
  };

  /** Other static routes have other URLs, and other keys stamp otherwise: every task is judged anew. */
  const followRules = (staticRules: readonly StaticRouteRule[]): void => {
    const keys = rules.stamper.keys();
    if (staticRules === plannedBy && keys === stampedBy) return;
    stampedBy = keys;
    plannedBy = staticRules;
    staticUrls = new Map(
      staticRules.map((rule) => [rule.name, staticRouteUrl(rule, rules.routerUrl)]),
    );
    judged = new WeakMap();
  };

  return {
    /** Takes in what is routed now, by these static routes. */
    plan: (
      tasks: ReadonlyMap<string, RoutedTask>,
      staticRules: readonly StaticRouteRule[],
    ): void => {
      followRules(staticRules);
      routed = tasks;
      incomplete = [...tasks].filter(([id, task]) => {
        if (missingOf(task) !== undefined) {
          if (!missingSince.has(id)) missingSince.set(id, performance.now());
          return true;
        }
        stood.add(id);
        repeats.stands(id);
        missingSince.delete(id);
        return false;
      });
      lastUse.retain(tasks);
      competitors.retain(tasks);
      repeats.retain(tasks);
      queue.retain(tasks);
      for (const known of [stood, missingSince, edited]) {
        for (const id of known.keys()) if (!tasks.has(id)) known.delete(id);
      }
    },
    /** Writes what does not stand, as of a look that began at `lookedAt` (monotonic milliseconds), and the newer of last uses. */
    write: (lookedAt: number): void => {
      const edits = new Map<string, Edit['values']>();
      const left = new Set<string>();
      for (const [taskId, task] of incomplete) {
        const values = missingOf(task);
        left.add(taskId);
        if (values === undefined || queue.unsettledSince(taskId, lookedAt)) continue;
        const { runtime } = task.draft.row;
        if (!competitors.mayAnswer(taskId, runtime) || !repeats.mayWrite(taskId)) continue;
        edited.set(taskId, task);
        edits.set(taskId, values);
        left.delete(taskId);
      }
      for (const [taskId, used] of lastUse.due(routed)) {
        if (left.has(taskId) || queue.unsettledSince(taskId, lookedAt)) continue;
        edits.set(taskId, { ...edits.get(taskId), [LAST_USED_KEY]: used });
      }
      queue.write([...edits].map(([taskId, values]) => ({ taskId, values })));
    },
    /** Whether every answer stood in its task when the last table was made. */
    complete: (): boolean => incomplete.length === 0,
    /** What people should know of a task whose answers do not stand. */
    notices: (): ReadonlyMap<string, string> => {
      const notices = new Map<string, string>();
      for (const [id] of incomplete) {
        const refusal = queue.refusal(id);
        const notice =
          refusal !== undefined
            ? refusalNotice(refusal)
            : competitors.gaveWayIn(id)
              ? GAVE_WAY
              : (repeats.reason(id) ??
                (performance.now() - (missingSince.get(id) ?? Infinity) > MISSED_MS
                  ? NOT_STANDING
                  : undefined));
        if (notice !== undefined) notices.set(id, notice);
      }
      return notices;
    },
    problems: (): readonly string[] => [
      ...competitors.problems(),
      ...repeats.problems(),
      ...queue.problems(),
    ],
    stop: queue.stop,
  };
}
