import type { z } from 'zod';

import { availability } from './sections/availability.ts';
import { clearml } from './sections/clearml.ts';
import { commonAnnotations, commonLabels } from './sections/objects/common_metadata.ts';
import { extraObjects } from './sections/objects/extra_objects.ts';
import { gateway } from './sections/gateway.ts';
import { imageCredentials } from './sections/image_credentials.ts';
import { ingress } from './sections/ingress.ts';
import { kubernetes } from './sections/kubernetes.ts';
import { monitoring } from './sections/monitoring.ts';
import { namespace } from './sections/namespace.ts';
import { networkPolicy } from './sections/network_policy.ts';
import { openshiftRoute } from './sections/openshift_route.ts';
import { pod } from './sections/pod/pod.ts';
import { router } from './sections/router.ts';
import { service } from './sections/service.ts';
import { serviceAccount } from './sections/service_account.ts';
import { tcpSession } from './sections/tcp_session.ts';
import { tls } from './sections/tls.ts';
import { transforms } from './sections/objects/transforms.ts';

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
  serviceAccount: serviceAccount.describe(
    'Who the pods are to the API server, and to a cloud that trusts its accounts. Without leader election and `router.verifyPods` ' +
      'there is one only where a key below asks for it.',
  ),
  commonLabels: commonLabels.describe('Labels of every object, pods included.'),
  commonAnnotations: commonAnnotations.describe(
    'Annotations of every object; pods have `pod.annotations`.',
  ),
  extraObjects: extraObjects.describe('Further manifests, which come and go with the router.'),
  transforms: transforms.describe('Changes to any object, where no key leads to what you need.'),
  kubernetes: kubernetes
    .prefault(missing)
    .describe('Which cluster. It is named always, so that no other is changed by accident.'),
};

/** What the program works with: defaults filled in, secrets wrapped. */
export type StackConfig = z.output<z.ZodObject<typeof sections>>;
