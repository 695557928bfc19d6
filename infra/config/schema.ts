import { z } from 'zod';

import { clearml } from './clearml.ts';
import { imageCredentials } from './image_credentials.ts';
import { ingress } from './ingress.ts';
import { kubernetes } from './kubernetes.ts';
import { namespace } from './namespace.ts';
import { networkPolicy } from './network_policy.ts';
import { router } from './router.ts';
import { tcpSession } from './tcp_session.ts';

/**
 * A section that is not there is read as an empty one, so that each of its required keys is reported. The type asks for a
 * complete one, which is the point.
 */
const missing = {} as never;

/**
 * The whole config of a stack: types, checks and documents all come from here. Keys keep the names of the values file
 * that this program replaces.
 */
export const stackConfig = z.strictObject({
  clearml: clearml.prefault(missing),
  imageCredentials,
  ingress: ingress.prefault(missing),
  tcpSession: tcpSession.optional(),
  namespace,
  router,
  networkPolicy,
  kubernetes: kubernetes.prefault(missing),
});

/** What the program works with: defaults filled in, secrets wrapped. */
export type StackConfig = z.output<typeof stackConfig>;
