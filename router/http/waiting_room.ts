import { actorOf, type Admitted, type GoneTask } from '../auth/gate/decision.ts';
import { isNavigation } from '../auth/gate/navigation.ts';
import { preferredForm } from '../grammar/accept.ts';
import { clearmlPage } from '../grammar/clearml_page.ts';
import type { Answer } from '../pages/answer.ts';
import {
  LONGEST_WAIT_MS,
  WAIT_OVER,
  waitingPage,
  type WaitCode,
  type WaitingTask,
} from '../pages/waiting_page.ts';
import type { Identity } from '../auth/identity/identity.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import { REFUSED } from '../upstream/failure.ts';
import type { Listening } from '../waiting/listening.ts';
import type { Visits } from '../waiting/visits.ts';
import type { Admission, Answered, Proxied } from './admission.ts';
import type { Exchange } from './exchange.ts';

const WAIT_CODES: ReadonlySet<string> = new Set<WaitCode>([
  'task-refused',
  'task-starting',
  'task-queued',
]);

/** Whether an answer says that a task is not there yet, and may be at any moment. */
export function tellsToWait(answer: Answer): answer is Answer & { readonly code: WaitCode } {
  return WAIT_CODES.has(answer.code);
}

/** What is waited for, by whom: what the gate let in, or a task that is gone for now. */
export interface WaitsFor {
  readonly admitted?: Admitted | undefined;
  readonly gone?: GoneTask | undefined;
  readonly identity?: Identity | undefined;
}

export interface WaitingRoomDeps {
  readonly admission: Pick<Admission, 'toNextWeb'>;
  readonly listening: Pick<Listening, 'look'>;
  readonly visits: Visits;
  /** CLEARML_WEB_URL */
  readonly clearmlWebUrl: string | undefined;
}

/** What people and their pages are told while a task does not listen. */
export class WaitingRoom {
  readonly #deps: WaitingRoomDeps;

  constructor(deps: WaitingRoomDeps) {
    this.#deps = deps;
  }

  /** The answer as its client gets it: a page that waits, for whoever opens one. `tried`: how many tasks were. */
  dress(exchange: Exchange, answer: Answer, of: WaitsFor, tried = 1): Answer {
    const { admitted, gone } = of;
    const id = admitted?.endpoint.id ?? gone?.id;
    if (!tellsToWait(answer) || id === undefined || !opensPage(exchange)) return answer;
    const visitor = actorOf(admitted ?? of) ?? exchange.client.address;
    const waited = this.#deps.visits.show(visitor, id, LONGEST_WAIT_MS);
    return waitingPage(answer, {
      code: answer.code,
      task: gone ?? (seesTask(admitted) ? this.#told(admitted.endpoint) : undefined),
      tried,
      url: exchange.head.url,
      over: waited >= LONGEST_WAIT_MS,
      now: Date.now(),
    });
  }

  /** What the page's question comes to: one of the route's tasks takes connections, or fails otherwise than by not listening; or none. */
  async poll(exchange: Exchange, first: Proxied): Promise<Answered> {
    const { admission, listening } = this.#deps;
    let outcome: Proxied | Answered | undefined = first;
    let answer = REFUSED;
    while (outcome?.outcome === 'proxied') {
      const found = await listening.look(outcome.proxied.endpoint);
      if (exchange.done) break;
      if (found !== 'refused') answer = WAIT_OVER;
      outcome = answer === WAIT_OVER ? undefined : await admission.toNextWeb(exchange, outcome);
    }
    return { outcome: 'answered', answer, admitted: first.admitted };
  }

  #told({ task, http }: Endpoint): WaitingTask {
    return {
      name: task.name,
      startedAt: task.startedAt,
      url: clearmlPage(this.#deps.clearmlWebUrl, task.id),
      address: http?.state === 'open' ? addressOf(http.upstream) : undefined,
    };
  }
}

function addressOf({ address, family, port }: { address: string; family: 4 | 6; port: number }) {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Whether a person looks at what is answered, and may load it anew without doing anything twice. */
function opensPage({ head, request, kind }: Exchange): boolean {
  const { method, accept } = head;
  const { headers } = request;
  const fetched = {
    fetchSite: headers['sec-fetch-site'],
    fetchMode: headers['sec-fetch-mode'],
    fetchDest: headers['sec-fetch-dest'],
    accept,
  };
  if (method !== 'GET' && method !== 'HEAD') return false;
  return (
    isNavigation({ kind, method }, fetched) && preferredForm(accept, fetched.fetchMode) === 'html'
  );
}

/** Whoever comes by a static route that is open to all, or as a guest, need not see the task in ClearML. */
function seesTask(admitted: Admitted | undefined): admitted is Admitted {
  const { identity, access } = admitted ?? {};
  return identity !== undefined && access !== 'authenticated' && access !== 'public';
}
