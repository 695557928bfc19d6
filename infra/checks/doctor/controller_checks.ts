import { z } from 'zod';

import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';
import { requestTimeout } from '../../config/decisions/request_timeout.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { messageOf } from '../../errors.ts';
import { CONTROLLER_LIMITS } from '../../platform/controller_limits.ts';
import { controllerByClassName } from '../../platform/ingress_controllers.ts';

type Reader = Pick<ClusterReader, 'read'>;

/** Time limits of what leads HTTP in, as far as this program cannot set them, or cannot know that it may. */
export function controllerChecks(config: StackConfig, reader: Reader): readonly Check[] {
  switch (exposureOf(config)) {
    case 'ingress':
      return limitOf(config);
    case 'gateway':
      return routeTimeoutChecks(config, reader);
    case 'openshiftRoute':
    case 'LoadBalancer':
    case 'NodePort':
    case 'none':
      return [];
  }
}

function limitOf({ ingress: { className = '', controller } }: StackConfig): readonly Check[] {
  const name = controller ?? controllerByClassName(className) ?? 'other';
  const limit = CONTROLLER_LIMITS[name];
  if (limit === undefined) return [];
  const find = (): Promise<Finding> => Promise.resolve(unsure(limit.ends, limit.mend));
  return [{ title: `time limits of ${name}`, find }];
}

const CRD =
  '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io';
const definition = z.looseObject({
  metadata: z.looseObject({
    annotations: z.looseObject({
      'gateway.networking.k8s.io/bundle-version': z.string(),
      'gateway.networking.k8s.io/channel': z.string(),
    }),
  }),
});

/** `timeouts` of an HTTPRoute are in the standard channel from 1.2 on: https://gateway-api.sigs.k8s.io/geps/gep-1742/ */
function routeTimeoutChecks({ gateway }: StackConfig, reader: Reader): readonly Check[] {
  if (requestTimeout(gateway) === undefined) return [];
  return [{ title: 'time limit of the HTTPRoute', find: () => knowsTimeouts(reader) }];
}

const FIX =
  'Upgrade the CRDs of gateway.networking.k8s.io to 1.2, or set gateway.requestTimeout to none.';

async function knowsTimeouts(reader: Reader): Promise<Finding> {
  try {
    const { metadata } = definition.parse(await reader.read(CRD));
    const version = metadata.annotations['gateway.networking.k8s.io/bundle-version'];
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
    const isOld = major === '0' || (major === '1' && Number(minor) < 2);
    const isStandard = metadata.annotations['gateway.networking.k8s.io/channel'] === 'standard';
    if (isOld && isStandard) return bad(`Gateway API ${version} has none`, FIX);
    return good(`Gateway API ${version} has it`);
  } catch (error) {
    const why =
      error instanceof z.ZodError ? 'the CRD does not tell its version' : messageOf(error);
    return unsure(`could not be looked at: ${why}`, FIX);
  }
}
