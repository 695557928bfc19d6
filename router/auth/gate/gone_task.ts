import { clearmlPage } from '../../grammar/clearml_page.ts';
import type { EndedEndpoint } from '../ended/ended_endpoints.ts';
import type { TaskWord } from '../ended/task_word.ts';
import type { Denied, GoneReason } from './decision.ts';
import { RETRY_SECONDS } from './denials.ts';

/**
 * What somebody is told who had the right to an endpoint that is not routed any more. Not 410, where it has ended: that is kept, and
 * taken for the last word, and a task may be started again under the same id.
 */
export function goneDenial(
  { endpoint: { task }, endedAt }: EndedEndpoint,
  word: TaskWord | undefined,
  clearmlWebUrl: string | undefined,
): Pick<Denied, 'status' | 'reason' | 'retryAfter' | 'gone'> {
  const became = whatBecame(word, task.startedAt);
  const gone = {
    became,
    id: task.id,
    name: task.name,
    endedAt,
    status: word?.status,
    startedAt: word?.startedAt ?? 0,
    url: clearmlPage(clearmlWebUrl, task.id),
  };
  return became === 'task-queued' || became === 'task-starting'
    ? { status: 503, reason: became, retryAfter: RETRY_SECONDS, gone }
    : { status: 404, reason: became, gone };
}

/** @param startedAt when the task started whose endpoint it was: a task that runs anew has not asked yet. */
function whatBecame(word: TaskWord | undefined, startedAt: number): GoneReason {
  if (word?.status === 'queued') return 'task-queued';
  if (word?.status !== 'in_progress') return 'task-ended';
  return word.startedAt === startedAt ? 'not-asked' : 'task-starting';
}
