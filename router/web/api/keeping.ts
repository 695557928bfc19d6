import type { Activity } from '../../activity/activity.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known, Viewer } from '../../auth/gate/viewer.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import type { Log } from '../../telemetry/log.ts';
import { seenEndpoint } from './seen_endpoint.ts';

export interface KeepingParts {
  readonly routes: RouteSource;
  readonly viewer: Viewer;
  readonly activity: Pick<Activity, 'used'>;
  readonly log: Log;
}

/** Keeps tasks that nobody uses from being stopped, for a while, at the word of those who are shown them: it counts as a use. */
export class Keeping {
  readonly #parts: KeepingParts;

  constructor(parts: KeepingParts) {
    this.#parts = parts;
  }

  /** Undefined where it is kept. */
  async keep(known: Known, id: EndpointId): Promise<Answer | Denied | undefined> {
    const endpoint = await seenEndpoint(this.#parts, known, id);
    if ('status' in endpoint) return endpoint;
    this.#parts.activity.used(endpoint.http === undefined ? 'tcp' : 'http', id);
    this.#parts.log.info(
      { event: 'idle_kept', task: endpoint.task.id, endpoint: id, user: known.identity?.userId },
      'A task is kept as if it had been used',
    );
    return undefined;
  }
}
