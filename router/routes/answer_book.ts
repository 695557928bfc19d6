import type { ClearMl } from '../clearml/clearml.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { endpointAnswers, missingAnswers, type AnswerRules } from './answers.ts';
import { createAnswerWriter, type Edit } from './answer_writer.ts';
import type { RoutedTask } from './assembly.ts';
import { createFights } from './fights.ts';
import { staticRouteUrl, type StaticRouteRule } from './static_routes.ts';

export interface AnswerBookParts {
  readonly rules: AnswerRules;
  readonly clearml: Pick<ClearMl, 'writeRuntime'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'answersRestored'>;
  /** Asked before each write: whether this replica leads. */
  readonly mayWrite: () => boolean;
}

/** Which answers should stand in the tasks, which do not, and the writing of those. For ever: an answer can be lost at any time. */
export interface AnswerBook {
  /** Takes in what is routed now, by these static routes. */
  readonly plan: (
    tasks: ReadonlyMap<string, RoutedTask>,
    staticRules: readonly StaticRouteRule[],
  ) => void;
  /** Writes what does not stand, as of a look that began at `lookedAt` (monotonic milliseconds). */
  readonly write: (lookedAt: number) => void;
  readonly problems: () => readonly string[];
  readonly stop: () => Promise<void>;
}

type Values = Edit['values'] | undefined;

export function createAnswerBook(parts: AnswerBookParts): AnswerBook {
  const { rules } = parts;
  let plannedBy: readonly StaticRouteRule[] = [];
  let staticUrls: ReadonlyMap<string, string> = new Map();
  const fights = createFights(rules.routerName);
  /** What is missing in each task; a task that did not change is the same object, and costs a look-up. */
  let judged = new WeakMap<RoutedTask, { readonly missing: Values }>();
  let incomplete: readonly (readonly [string, RoutedTask])[] = [];
  /** Tasks whose answers stood once: what is missing there now was lost, and is restored. */
  const stood = new Set<string>();

  const writer = createAnswerWriter({
    clearml: parts.clearml,
    log: parts.log,
    mayWrite: parts.mayWrite,
    written: ({ taskId, values }) => {
      fights.answered(taskId, values);
      if (stood.delete(taskId)) parts.metrics.answersRestored.inc();
    },
  });

  const answersOf = ({ draft, endpoints }: RoutedTask): ReadonlyMap<string, string> =>
    new Map(
      endpoints.flatMap((endpoint, index) => {
        const name = draft.endpoints[index]?.http?.staticRoute;
        const url = name === undefined ? undefined : staticUrls.get(name);
        return endpointAnswers(endpoint, url, rules);
      }),
    );

  const missingOf = (task: RoutedTask): Values => {
    const before = judged.get(task);
    if (before !== undefined) return before.missing;
    const missing = missingAnswers(answersOf(task), task.draft.row.runtime);
    judged.set(task, { missing });
    return missing;
  };

  /** Other static routes have other URLs: every task is judged anew. */
  const followRules = (staticRules: readonly StaticRouteRule[]): void => {
    if (staticRules === plannedBy) return;
    plannedBy = staticRules;
    staticUrls = new Map(
      staticRules.map((rule) => [rule.name, staticRouteUrl(rule, rules.routerUrl)]),
    );
    judged = new WeakMap();
  };

  return {
    plan: (tasks, staticRules) => {
      followRules(staticRules);
      incomplete = [...tasks].filter(([id, task]) => {
        if (missingOf(task) !== undefined) return true;
        stood.add(id);
        return false;
      });
      fights.retain(tasks);
      writer.retain(tasks);
      for (const id of stood) if (!tasks.has(id)) stood.delete(id);
    },
    write: (lookedAt) => {
      const edits: Edit[] = [];
      for (const [taskId, task] of incomplete) {
        const values = missingOf(task);
        if (values === undefined || writer.unsettledSince(taskId, lookedAt)) continue;
        if (fights.mayAnswer(taskId, task.draft.row.runtime)) edits.push({ taskId, values });
      }
      writer.write(edits);
    },
    problems: () => [...fights.problems(), ...writer.problems()],
    stop: writer.stop,
  };
}
