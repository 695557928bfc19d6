import { z } from 'zod';

import { staticRouteList } from '../../router/routes/static_routes.ts';

import { limits } from './limits.ts';
import {
  cidrs,
  dataKey,
  dnsLabel,
  evenWithOtherProblems,
  objectName,
  seconds,
  secretText,
} from './values.ts';

/** Image that runs the router's bundle: any image with Node 24 as `node`. */
export const NODE_IMAGE = 'node:24-alpine';

const existingSecret = z.strictObject(
  {
    name: objectName.describe("Name of the Secret, in the router's namespace"),
    key: dataKey.default('secret').describe('Its key that holds the value'),
  },
  { error: 'expected the name and, where it differs, the key of a Secret' },
);

const verifyPods = z.strictObject(
  {
    namespaces: z
      .array(dnsLabel, { error: 'expected a list of namespaces' })
      .min(1, 'expected at least one namespace')
      .describe("Namespaces in which ClearML's agent starts the pods of tasks"),
    namePrefix: z
      .string({ error: 'expected the beginning of a name' })
      .regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected the beginning of a name')
      .default('clearml-id-')
      .describe("What the agent calls a pod before the task's id"),
  },
  { error: 'expected the namespaces of the pods of tasks' },
);

/** `router`: the workload itself. */
export const router = z
  .strictObject(
    {
      name: dnsLabel
        .max(40, 'expected 40 characters at most')
        .default('task-router')
        .describe('Name of this router, among several of one ClearML server, and of its objects'),
      image: z
        .string({ error: 'expected an image reference' })
        .min(1, 'expected an image reference')
        .default(NODE_IMAGE)
        .describe(
          'Image that runs the bundle: any with Node 24 as `node`; or one that holds the router',
        ),
      code: z
        .enum(['configMap', 'image'], { error: 'expected configMap or image' })
        .default('configMap')
        .describe(
          'Where the router itself comes from: the bundle, or the image (router/Dockerfile)',
        ),
      taskNetworks: cidrs
        .optional()
        .describe(
          "Networks that tasks' addresses may lie in; left out, the pod networks that the nodes tell",
        ),
      verifyPods: verifyPods
        .optional()
        .describe(
          "Checks that an address is that of the task's own pod, for tasks that ClearML's agent for Kubernetes runs; the router may " +
            'then list and watch pods of these namespaces, and nothing else of them',
        ),
      trustedProxies: cidrs
        .optional()
        .describe(
          "Networks whose X-Forwarded-* headers are believed: the ingress controller's pods or load balancer, never a network " +
            'that tasks are in; an empty list says that there are none',
        ),
      queues: z
        .array(z.string({ error: 'expected the name of a queue' }).min(1, 'expected a queue'), {
          error: 'expected a list of queues',
        })
        .default([])
        .describe('Serve only tasks of these ClearML queues; empty means all'),
      shutdownDelaySeconds: seconds
        .optional()
        .describe(
          'How long a pod that is to end still takes new connections: as long as your load balancer needs to learn of it. Left ' +
            'out: 5, or 30 where one of a cloud sends to the pods themselves (controllers alb and gke, platform aws-nlb)',
        ),
      limits,
      drainSeconds: seconds
        .default(300)
        .describe('How long open sessions live on when a pod is replaced'),
      logLevel: z
        .enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' })
        .default('info')
        .describe('How much the router logs'),
      imagePullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'], {
          error: 'expected Always, IfNotPresent or Never',
        })
        .default('IfNotPresent')
        .describe('When nodes pull the image'),
      secret: secretText('the key of what the router itself signs, 16 characters or more', 16)
        .optional()
        .describe(
          "Key of what the router itself signs or seals, such as sessions; two, separated by white space, while it is rotated; left out, derived from ClearML's signing key",
        ),
      existingSecret: existingSecret.optional().describe('Secret that holds it, in its stead'),
      staticRoutes: staticRouteList
        .optional()
        .describe(
          'Routes whose URLs do not change with the task that serves them: by `path` or by `host`; changed without a restart',
        ),
      staticRoutesConfigMap: objectName
        .optional()
        .describe('ConfigMap that holds static routes under the key routes.json, in its stead'),
    },
    { error: 'expected the settings of the router' },
  )
  .superRefine((value, context) => {
    if (value.secret === undefined || value.existingSecret === undefined) return;
    const message = 'given together with router.existingSecret, which holds it; remove one of them';
    context.addIssue({ code: 'custom', path: ['secret'], message });
  }, evenWithOtherProblems)
  .superRefine((value, context) => {
    if (value.staticRoutes === undefined || value.staticRoutesConfigMap === undefined) return;
    const message =
      'given together with router.staticRoutesConfigMap, which holds them; remove one of them';
    context.addIssue({ code: 'custom', path: ['staticRoutes'], message });
  }, evenWithOtherProblems)
  .prefault({});
