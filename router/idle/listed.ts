import type { Task } from '../routes/model/endpoint.ts';
import { LEAST_IDLE_SECONDS, type IdlePolicy } from '../settings/idle_policy.ts';
import type { Period } from './count.ts';

function isBelow(project: string, name: string): boolean {
  return project === name || project.startsWith(`${name}/`);
}

/**
 * Whether a policy lists a task: by each of the lists that it has.
 *
 * @param queueName of the task's queue; undefined where it is not known.
 */
export function isListed(
  { queues, projects, types }: IdlePolicy,
  { queueId, projectName, type }: Pick<Task, 'queueId' | 'projectName' | 'type'>,
  queueName: string | undefined,
): boolean {
  if (queues !== undefined) {
    const isOne = (name: string): boolean => name === queueId || name === queueName;
    if (queueId === undefined || !queues.some(isOne)) return false;
  }
  if (projects !== undefined) {
    if (projectName === undefined) return false;
    if (!projects.some((name) => isBelow(projectName, name))) return false;
  }
  return types === undefined || types.includes(type);
}

/**
 * After how long the task is stopped. Its own wish narrows that, and lengthens it as far as the policy lets it; a wish that is none counts
 * for nothing.
 *
 * @param wish `router_idle_stop` of its runtime.
 */
export function periodOf(
  { after, warning, longest = after }: IdlePolicy,
  wish: string | undefined,
): Period {
  let seconds = after;
  if (wish === 'never') seconds = longest;
  else if (wish !== undefined && /^[0-9]{1,9}$/.test(wish)) {
    seconds = Math.min(Math.max(Number(wish), LEAST_IDLE_SECONDS), longest);
  }
  return { after: seconds * 1_000, warning: Math.min(warning, seconds / 2) * 1_000 };
}
