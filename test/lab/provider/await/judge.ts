import { annotation, WAIT_FOR, type Manifest } from '../manifest.ts';
import type { JsonObject } from '../property_values.ts';
import { endpointsJudge, targetsPods } from './endpoints.ts';
import { readiness, type Readiness } from './readiness.ts';
import { parseWaitFor } from './wait_for.ts';

/** Reads another live object; undefined where there is none. */
type Read = (object: Manifest) => Promise<JsonObject | undefined>;

/**
 * How the object is judged, look by look: by its annotation `pulumi.com/waitFor` alone where it has one, as in `ReadyCondition` of
 * the official provider; else by the rules of its kind, which for a Service with a selector include its endpoints.
 *
 * @throws Error when the annotation cannot be read.
 */
export function judgeOf(object: Manifest, read: Read): (live: JsonObject) => Promise<Readiness> {
  const waitFor = annotation(object, WAIT_FOR);
  if (waitFor !== undefined) {
    const isMet = parseWaitFor(waitFor);
    return (live) =>
      Promise.resolve(
        isMet(live) ? { state: 'ready' } : { state: 'waiting', reason: `not yet: ${waitFor}` },
      );
  }
  if (object.kind !== 'Service' || !targetsPods(object)) {
    return (live) => Promise.resolve(readiness(live));
  }
  const judgeEndpoints = endpointsJudge();
  return async (live) => {
    const endpoints = await read({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: object.metadata,
    });
    const pods = judgeEndpoints(endpoints, Date.now());
    return pods.state === 'ready' ? readiness(live) : pods;
  };
}
