import { escapeHtml, type Answer, type LivePart } from './answer.ts';
import { distanceText } from './in_words.ts';
import { cardStyle, hashSource } from './style.ts';

/** The request header by which the page asks, at its own address, whether it may open the app. Lower case. */
export const POLL_HEADER = 'task-router-poll';

/** Seconds after which who was told to wait may come again. */
export const AGAIN_SECONDS = 3;

/** How long a page waits by itself. */
export const LONGEST_WAIT_MS = 15 * 60_000;

/** The answers that tell to wait, by their codes. */
export type WaitCode = 'task-refused' | 'task-starting' | 'task-queued';

/** What the page tells of the task; only to those whom ClearML shows it. */
export interface WaitingTask {
  readonly name: string;
  /** Milliseconds since the epoch; 0 where the server does not say, or while it does not run. */
  readonly startedAt: number;
  /** ClearML's page of the task; undefined where CLEARML_WEB_URL is not set. */
  readonly url: string | undefined;
  /** Address and port that the task gave, where it gave any. */
  readonly address?: string | undefined;
}

/** What a page that waits is made of. */
export interface Waiting {
  readonly code: WaitCode;
  /** Undefined for those who may open the endpoint, and not see the task. */
  readonly task: WaitingTask | undefined;
  /** How many tasks of a load-balanced route were tried. */
  readonly tried: number;
  /** It has waited for as long as it may, without scripts: it says what to look at, and stays. */
  readonly over: boolean;
  /** Raw request-target of the page. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const STYLE = cardStyle(
  'small{display:block;margin-top:1.2rem}' +
    'dl{margin-top:1rem;display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1rem}' +
    'dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}' +
    '#late{margin-top:1rem;padding-top:.4rem;border-top:1px solid var(--line)}' +
    '#late ul{margin-top:.4rem;padding-left:1.2rem}',
);

/** As long as nothing is ready, whoever answers says so by 429 or 5xx; everything else is for the page itself to show. */
const SCRIPT = `
const at = (id) => document.getElementById(id);
const ends = performance.now() + ${LONGEST_WAIT_MS};
let looks = 0;
const look = async () => {
  if (performance.now() > ends) {
    at('late').hidden = false;
    at('live').textContent = 'This page no longer waits.';
    return;
  }
  try {
    // With the origin: of a path that begins with two slashes alone fetch makes another host.
    const { status } = await fetch(location.origin + location.pathname, {
      headers: { '${POLL_HEADER}': '1', Accept: 'application/json' },
      cache: 'no-store',
      redirect: 'manual',
    });
    if (status !== 429 && status < 500) {
      location.reload();
      return;
    }
    looks += 1;
    at('looks').textContent = 'Looked ' + looks + (looks === 1 ? ' time' : ' times') + ', last at ' + new Date().toLocaleTimeString() + '.';
  } catch {
    at('looks').textContent = 'The router does not answer at the moment.';
  }
  setTimeout(look, ${AGAIN_SECONDS * 1000});
};
if (at('late').hidden) setTimeout(look, ${AGAIN_SECONDS * 1000});
`;

const POLICY = `script-src ${hashSource(SCRIPT)}; connect-src 'self'`;

function moment(at: number, now: number): string {
  const iso = new Date(at).toISOString();
  const exact = `${iso.slice(0, 16).replace('T', ' ')} UTC`;
  return `<time datetime="${iso}" title="${exact}">${distanceText(at - now)}</time>`;
}

/** What ClearML says of the task. */
function stateOf({ code, task, now }: Waiting): string {
  if (code === 'task-queued') return 'waits in a queue';
  const startedAt = task?.startedAt ?? 0;
  return startedAt === 0 ? 'running' : `running, started ${moment(startedAt, now)}`;
}

/** What the router found. */
function foundBy({ code, task, tried }: Waiting): string {
  if (code === 'task-queued') return 'knows the way once the task runs and asks for it';
  if (code === 'task-starting') return 'has not been told yet where the task listens';
  const place = task?.address === undefined ? 'the task' : escapeHtml(task.address);
  const others = tried > 1 ? `${tried} tasks of this route, the last at ` : '';
  return `tried ${others}${place}: nothing listens there`;
}

function facts(waiting: Waiting): string {
  const { task } = waiting;
  if (task === undefined) return '';
  const rows = [
    ['Task', `<bdi>${escapeHtml(task.name)}</bdi>`],
    ['ClearML', stateOf(waiting)],
    ['Router', foundBy(waiting)],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>`;
}

/** What to look at when it takes too long. */
function causes({ code, task }: Waiting): string {
  const console_ = task?.url === undefined ? 'its console in ClearML' : consoleLink(task.url);
  const listens = [
    `what the app says in ${console_}: it may have stopped, or still be loading`,
    'whether it listens on the port that the task gave',
    'whether it listens on all addresses (0.0.0.0), not on 127.0.0.1 alone',
  ];
  const causesOf: Readonly<Record<WaitCode, readonly string[]>> = {
    'task-refused': listens,
    'task-starting': [
      `whether the task’s code has come to where it asks for access, in ${console_}`,
    ],
    'task-queued': [`whether an agent serves the queue, and what ${console_} says`],
  };
  return causesOf[code].map((cause) => `<li>${cause}</li>`).join('');
}

function consoleLink(url: string): string {
  return `<a href="${escapeHtml(url)}">its console in ClearML</a>`;
}

/**
 * Loads the page anew where no script does. By a URL without a fragment: with one, a browser goes to a place in the page that it has.
 * The URL is relative, so that no path that begins with two slashes is taken for another host.
 */
function refreshOf(url: string): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  const same = `./${url.slice(path.lastIndexOf('/') + 1)}`;
  return `<noscript><meta http-equiv="refresh" content="5;url=${escapeHtml(same)}"></noscript>`;
}

function livePart(waiting: Waiting): LivePart {
  const { over, url } = waiting;
  const live = over
    ? 'This page no longer waits.'
    : 'This page looks every few seconds, and opens the app as soon as it listens.';
  return {
    style: STYLE,
    head: over ? '' : refreshOf(url),
    content:
      `${facts(waiting)}<p id="live" role="status">${live}</p><p id="looks" class="soft small"></p>` +
      `<section id="late"${over ? '' : ' hidden'}><p>It has taken 15 minutes. Look at</p>` +
      `<ul>${causes(waiting)}</ul><p><a href="">Wait again</a></p></section>` +
      `<script>${SCRIPT}</script>`,
    policy: POLICY,
  };
}

/** The page in place of an app that is not there yet. `answer` is what programs are told. */
export function waitingPage(answer: Answer, waiting: Waiting): Answer {
  const title = waiting.over ? answer.title : 'Waiting for the task';
  return { ...answer, title, live: livePart(waiting) };
}

/** The answer to the page's question: nothing is to be waited for, it may load itself anew. */
export const WAIT_OVER: Answer = {
  status: 204,
  code: 'wait-over',
  title: 'The wait is over',
  detail: 'The task takes connections, or fails in another way.',
};
