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
  clearml: clearml
    .prefault(missing)
    .describe("The server whose tasks are reached, and the router's account on it."),
  imageCredentials: imageCredentials.describe(
    "How the nodes pull the router's image. Public images need nothing here.",
  ),
  ingress: ingress
    .prefault(missing)
    .describe('The host that users open, and the Ingress that leads there.'),
  tls: tls.describe('The certificate of the host, where it is not an existing Secret.'),
  gateway: gateway.describe('An HTTPRoute of the Gateway API in place of an Ingress.'),
  openshiftRoute: openshiftRoute.describe('An OpenShift Route in place of an Ingress.'),
  service: service.describe('The Service of the HTTP port, which can expose it by itself.'),
  tcpSession: tcpSession
    .optional()
    .describe('The range of TCP ports, one per task that asks for TCP. Without it TCP is off.'),
  namespace: namespace.describe('Where everything is put.'),
  router: router.describe('The router itself.'),
  pod: pod.describe("How and where the router's pods run."),
  availability: availability.describe('How many pods there are, and what keeps them there.'),
  networkPolicy: networkPolicy.describe(
    "What may reach the router's pods, and what they may reach.",
  ),
  monitoring: monitoring.describe('Objects for Prometheus and Grafana.'),
  transforms: transforms.describe('Changes to any object, where no key leads to what you need.'),
  kubernetes: kubernetes
    .prefault(missing)
    .describe('Which cluster. It is named always, so that no other is changed by accident.'),
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
