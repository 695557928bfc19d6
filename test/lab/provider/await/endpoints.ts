import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import type { Manifest } from '../manifest.ts';
import type { JsonObject } from '../property_values.ts';
import { READY, type Readiness } from './readiness.ts';

/** How long endpoints have to stay as they are before they count (`processEndpointEvent` of the official provider). */
const SETTLE_MS = 10_000;

const service = z.looseObject({
  spec: z
    .looseObject({
      type: z.string().optional(),
      clusterIP: z.string().optional(),
      selector: z.record(z.string(), z.unknown()).default({}),
    })
    .prefault({}),
});

/** Whether the official provider waits for a Service's pods: not for one without a selector, a headless or an external one. */
export function targetsPods(object: Manifest): boolean {
  const { clusterIP, selector, type } = service.parse(object).spec;
  return Object.keys(selector).length > 0 && clusterIP !== 'None' && type !== 'ExternalName';
}

const endpoints = z.looseObject({
  subsets: z
    .array(z.looseObject({ notReadyAddresses: z.array(z.unknown()).default([]) }))
    .default([]),
});

/**
 * Judges the endpoints of one Service, look by look: they are there, none of their pods is unready, and ten seconds have passed
 * since they changed. None at all is good enough, as for the official provider (`checkAndLogStatus`). `now` is in milliseconds.
 */
export function endpointsJudge(): (live: JsonObject | undefined, now: number) => Readiness {
  let seen: unknown;
  let since = 0;
  return (live, now) => {
    if (live === undefined) return { state: 'waiting', reason: 'it has no endpoints yet' };
    const { subsets } = endpoints.parse(live);
    if (!isDeepStrictEqual(subsets, seen)) [seen, since] = [subsets, now];
    if (subsets.some(({ notReadyAddresses }) => notReadyAddresses.length > 0)) {
      return { state: 'waiting', reason: 'it leads to pods that are not ready' };
    }
    if (now - since < SETTLE_MS) {
      return { state: 'waiting', reason: 'its endpoints changed less than 10 seconds ago' };
    }
    return READY;
  };
}
