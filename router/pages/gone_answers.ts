import type { GoneTask } from '../auth/gate/decision.ts';
import { escapeHtml, type Answer } from './answer.ts';
import { distanceText } from './in_words.ts';
import { cardStyle } from './style.ts';

const STYLE = cardStyle('small{display:block;margin-top:1.2rem}');

function wordsOf(
  { became, name, status, endedAt }: GoneTask,
  now: number,
): Pick<Answer, 'title' | 'detail'> {
  switch (became) {
    case 'task-queued':
      return {
        title: 'The task waits in a queue',
        detail: `“${name}” is queued in ClearML again, and does not run yet.`,
      };
    case 'task-starting':
      return {
        title: 'The task is starting',
        detail: `“${name}” runs again, and has not asked for access yet.`,
      };
    case 'not-asked':
      return {
        title: 'The task no longer asks for access',
        detail: `“${name}” runs, but asks this router no longer for this address.`,
      };
    case 'task-ended': {
      const how = status === undefined ? '' : `: ${status.replaceAll('_', ' ')}`;
      return {
        title: 'The task has ended',
        detail: `“${name}” ended ${distanceText(Math.min(0, endedAt - now))}${how}.`,
      };
    }
  }
}

/** For those alone who had the right to the endpoint: everybody else gets what they get where nothing ever was. */
export function goneAnswer(
  gone: GoneTask,
  status: number,
  now = Date.now(),
): Omit<Answer, 'headers'> {
  const words = { status, code: gone.became, ...wordsOf(gone, now) };
  const { url } = gone;
  if (url === undefined) {
    return { ...words, advice: 'Start the task again, or look at its console in ClearML.' };
  }
  return {
    ...words,
    advice: `Start the task again, or look at its console in ClearML: ${url}`,
    live: {
      style: STYLE,
      head: '',
      content: `<p class="soft">Start the task again, or look at <a href="${escapeHtml(url)}">its console in ClearML</a>.</p>`,
      policy: undefined,
    },
  };
}
