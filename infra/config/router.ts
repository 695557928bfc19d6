import { z } from 'zod';

import { cidrs, dnsLabel, objectName, seconds, textMap } from './values.ts';

/** Image that runs the router's bundle: any image with Node 24 as `node`. */
export const NODE_IMAGE = 'node:24-alpine';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]), {
  error: 'expected amounts such as cpu: 100m, memory: 256Mi',
});

/** `router`: the workload itself. */
export const router = z
  .strictObject(
    {
      name: dnsLabel
        .max(40, 'expected 40 characters at most')
        .default('task-router')
        .describe('Name of this router, among several of one ClearML server, and of its objects'),
      replicas: z
        .int({ error: 'expected a number of pods' })
        .min(1, 'expected at least one pod')
        .default(1)
        .describe('Number of pods'),
      image: z
        .string({ error: 'expected an image reference' })
        .min(1, 'expected an image reference')
        .default(NODE_IMAGE)
        .describe('Image that runs the bundle: any with Node 24 as `node`'),
      taskNetworks: cidrs
        .optional()
        .describe(
          "Networks that tasks' addresses may lie in; left out, the pod networks that the nodes tell",
        ),
      trustedProxies: cidrs
        .default([])
        .describe('Networks whose X-Forwarded-* headers are believed: the ingress controller'),
      queues: z
        .array(z.string({ error: 'expected the name of a queue' }).min(1, 'expected a queue'), {
          error: 'expected a list of queues',
        })
        .default([])
        .describe('Serve only tasks of these ClearML queues; empty means all'),
      drainSeconds: seconds
        .default(300)
        .describe('How long open sessions live on when a pod is replaced'),
      logLevel: z
        .enum(['debug', 'info', 'warn', 'error'], { error: 'expected debug, info, warn or error' })
        .default('info')
        .describe('How much the router logs'),
      runAsUser: z
        .union([z.int().min(1), z.literal('platform')], {
          error: 'expected a numeric user id, or platform where the platform assigns one',
        })
        .default(1000)
        .describe('User id of the process; `platform` on OpenShift, which assigns one'),
      resources: z
        .strictObject({ requests: quantities.optional(), limits: quantities.optional() })
        .default({ requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } })
        .describe('Requests and limits; no limit of CPU, which would throttle every session'),
      imagePullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'], {
          error: 'expected Always, IfNotPresent or Never',
        })
        .default('IfNotPresent')
        .describe('When nodes pull the image'),
      staticRoutesConfigMap: objectName
        .optional()
        .describe('ConfigMap that holds static routes under the key routes.json'),
      env: textMap
        .default({})
        .describe(
          "Further settings of the router process, by their names; never the program's own",
        ),
    },
    { error: 'expected the settings of the router' },
  )
  .prefault({});
