import type { Activity } from '../activity/activity.ts';
import type { EndpointId } from '../grammar/endpoint_id.ts';
import { OverBudget } from '../load/byte_budget.ts';
import type { LoadGuard } from '../load/load_guard.ts';
import type { Answer } from '../pages/answer.ts';
import { limitAnswer } from '../pages/limit_answers.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { Log } from '../telemetry/log.ts';
import { ROUTE_ENDED, RouteEnded, failureAnswer, failureClass } from '../upstream/failure.ts';
import type { TrafficMetrics } from './traffic_metrics.ts';

export interface TaskFailuresDeps {
  readonly guard: Pick<LoadGuard, 'hit'>;
  readonly metrics: Pick<TrafficMetrics, 'failed'>;
  readonly activity: Pick<Activity, 'failed'>;
  readonly log: Log;
}

/** Tells metrics, activity and log that a task was asked and did not answer; what its client is told is the result. */
export class TaskFailures {
  readonly #deps: TaskFailuresDeps;

  constructor(deps: TaskFailuresDeps) {
    this.#deps = deps;
  }

  /** @param lostSince when it was asked, where it was lost before it had begun to answer. */
  answerTo(error: Error, endpoint: EndpointId | undefined, lostSince: number | undefined): Answer {
    const { guard, metrics, activity, log } = this.#deps;
    if (error instanceof RouteEnded) return ROUTE_ENDED;
    if (error instanceof OverBudget) {
      guard.hit(error.bound);
      return limitAnswer(error.bound);
    }
    const failure = failureClass(error);
    metrics.failed(failure);
    if (endpoint !== undefined) activity.failed('http', endpoint, failure, lostSince);
    log.warn(
      { event: 'upstream_failed', endpoint, failure, error: excerpt(String(error)) },
      'a task did not answer',
    );
    return failureAnswer(failure);
  }
}
