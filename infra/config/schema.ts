import { z } from 'zod';

import { availability } from './availability.ts';
import { clearml } from './clearml.ts';
import { gateway } from './gateway.ts';
import { imageCredentials } from './image_credentials.ts';
import { ingress } from './ingress.ts';
import { kubernetes } from './kubernetes.ts';
import { monitoring } from './monitoring.ts';
import { namespace } from './namespace.ts';
import { networkPolicy } from './network_policy.ts';
import { openshiftRoute } from './openshift_route.ts';
import { pod } from './pod.ts';
import { router } from './router.ts';
import { crossSectionProblems } from './rules.ts';
import { service } from './service.ts';
import { tcpSession } from './tcp_session.ts';
import { tls } from './tls.ts';
import { transforms } from './transforms.ts';
import { evenWithOtherProblems } from './values.ts';

/**
 * A section that is not there is read as an empty one, so that each of its required keys is reported. The type asks for a
 * complete one, which is the point.
 */
const missing = {} as never;

/** Every section of a stack's config, in the order of the reference. */
export const sections = {
  clearml: clearml.prefault(missing),
  imageCredentials,
  ingress: ingress.prefault(missing),
  tls,
  gateway,
  openshiftRoute,
  service,
  tcpSession: tcpSession.optional(),
  namespace,
  router,
  pod,
  availability,
  networkPolicy,
  monitoring,
  transforms,
  kubernetes: kubernetes.prefault(missing),
};

/**
 * The whole config of a stack: types, checks and documents all come from here. Keys keep the names of the values file
 * that this program replaces.
 */
export const stackConfig = z.strictObject(sections).superRefine((config, context) => {
  for (const { path, message } of crossSectionProblems(config)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
}, evenWithOtherProblems);

/** What the program works with: defaults filled in, secrets wrapped. */
export type StackConfig = z.output<typeof stackConfig>;
