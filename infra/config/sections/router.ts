import { z } from 'zod';

import { IDLE_POLICY } from '../../../router/settings/idle_policy.ts';
import { EVERY_NAMESPACE } from '../../../router/settings/values.ts';
import { staticRouteList } from '../../../router/routes/static/static_routes.ts';

import { endpointAccess } from './endpoint_access.ts';
import { limits } from './limits.ts';
import { rules } from '../values/problem.ts';
import {
  cidrs,
  dataKey,
  dnsLabel,
  filledText,
  flag,
  objectName,
  oneOf,
  seconds,
  secretText,
  textLike,
} from '../values/values.ts';

/** Image that runs the router's bundle: any image with Node 24 as `node`. */
const NODE_IMAGE = 'node:24-alpine';

/** A digest of another form is refused by the nodes alone: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests */
const IMAGE_BY_DIGEST = /^[^@]*(@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?$/;

const MODEL_ENDPOINTS_SECONDS = 'expected a whole number of seconds from 30 to 3600';

const existingSecret = z.strictObject(
  {
    name: objectName.describe("Name of the Secret, in the router's namespace"),
    key: dataKey.default('secret').describe('Its key that holds the value'),
  },
  { error: 'expected the name and, where it differs, the key of a Secret' },
);

/**
 * An RFC 1035 label, as Kubernetes asks of Services, which are named after it. 40 characters leave room for the longest that is added
 * within the 63 of a label: `-tcp-65535` to a Service, two hashes to a pod.
 */
const routerName = z
  .string({ error: 'expected a name' })
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    'expected lower-case letters, digits and "-", beginning with a letter and not ending with "-"',
  )
  .max(40, 'expected 40 characters at most');

const namespaceOrAll = z.union([z.literal(EVERY_NAMESPACE), dnsLabel]);

const verifyPods = z.strictObject(
  {
    namespaces: z
      .array(namespaceOrAll, { error: 'expected a list of namespaces' })
      .min(1, 'expected at least one namespace')
      .refine((names) => names.length === 1 || !names.includes(EVERY_NAMESPACE), {
        error: 'expected namespaces, or "*" alone for the whole cluster',
      })
      .describe(
        "Namespaces in which ClearML's agent starts the pods of tasks; `*` alone looks at the whole cluster, by a ClusterRole",
      ),
    strict: flag
      .default(false)
      .describe(
        'Also refuses an address that no pod has which is looked at: for clusters in which every task runs in such a pod',
      ),
    namePrefix: textLike(/^[a-z0-9][a-z0-9.-]*$/, 'the beginning of a name')
      .default('clearml-id-')
      .describe("What the agent calls a pod before the task's id"),
  },
  { error: 'expected the namespaces of the pods of tasks' },
);

/** `router`: the workload itself. */
export const router = z
  .strictObject(
    {
      name: routerName
        .default('task-router')
        .describe('Name of this router, among several of one ClearML server, and of its objects'),
      image: filledText('an image reference')
        .regex(IMAGE_BY_DIGEST, 'expected a digest as sha256 and 64 hexadecimal digits')
        .default(NODE_IMAGE)
        .describe(
          'Image that runs the bundle: any with Node 24 as `node`; or one that holds the router',
        ),
      code: oneOf('configMap', 'image')
        .default('configMap')
        .describe(
          'Where the router itself comes from: the bundle, or the image (router/Dockerfile), which has to be of this version',
        ),
      taskNetworks: cidrs
        .optional()
        .describe(
          "Networks that tasks' addresses may lie in; left out, the pod networks that the nodes tell",
        ),
      verifyPods: verifyPods
        .optional()
        .describe(
          "Checks that an address is that of the task's own pod, for tasks that ClearML's agent for Kubernetes runs, and lets their " +
            "owners ask for them on the router's page; the router may then list and watch pods of these namespaces, or of the whole " +
            'cluster, and nothing else of them',
        ),
      ownPorts: flag
        .default(false)
        .describe(
          'Owners reach any port of their own tasks by `task-router forward --pod`, without an ask, at the address of the ' +
            "task's own pod; needs `router.verifyPods`",
        ),
      taskAnswerSeconds: z
        .int({ error: 'expected a whole number of seconds' })
        .min(1, 'expected a whole number of seconds from 1 to 86400')
        .max(86_400, 'expected a whole number of seconds from 1 to 86400')
        .optional()
        .describe(
          "How long the head of a task's answer may take before it is 504; left out, there is no end of waiting, by design: models " +
            'take minutes',
        ),
      taskCa: z
        .string({ error: 'expected certificates in PEM form' })
        .includes('-----BEGIN CERTIFICATE-----', { error: 'expected certificates in PEM form' })
        .optional()
        .describe(
          'CA certificates, PEM, that the certificates of tasks are checked against which ask to be spoken to over HTTPS (`router_scheme`); left out, they are not checked, which the page says',
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
      administrators: z
        .array(
          z
            .string({ error: 'expected the id or the name of a user' })
            .regex(/^[^,]*[^,\s][^,]*$/, 'expected the id or the name of a user, without a comma'),
          { error: 'expected a list of users' },
        )
        .default([])
        .describe(
          "Ids or names of users who administer this router beside those whom ClearML's roles name: they see its state and all " +
            'endpoints on the page, and revoke endpoint tokens of others; ids where users may change their names',
        ),
      access: endpointAccess
        .prefault({})
        .describe('Who may use endpoints, once ClearML shows them the task'),
      idle: IDLE_POLICY.optional().describe(
        'Which tasks are stopped when nobody uses them and they do not work; left out, none. Nothing is stopped that it does not list',
      ),
      modelEndpointsSeconds: z
        .int({ error: MODEL_ENDPOINTS_SECONDS })
        .min(30, MODEL_ENDPOINTS_SECONDS)
        .max(3_600, MODEL_ENDPOINTS_SECONDS)
        .optional()
        .describe(
          "How often web servers of tasks that are used are reported to ClearML's page of model endpoints (API 2.31 and later; 60 does well); " +
            'everybody with an account sees them there, by name, URL and number of requests; left out, none is',
        ),
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
      logLevel: oneOf('debug', 'info', 'warn', 'error')
        .default('info')
        .describe('How much the router logs'),
      imagePullPolicy: oneOf('Always', 'IfNotPresent', 'Never')
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
          'Routes whose URLs do not change with the task that serves them: by `path` or by `host`; `access` and `people` say who may use them, `owners` who may serve them; changed without a restart',
        ),
      staticRoutesConfigMap: objectName
        .optional()
        .describe('ConfigMap that holds static routes under the key routes.json, in its stead'),
    },
    { error: 'expected the settings of the router' },
  )
  .check(
    rules(
      ({ existingSecret: existing, secret }) => {
        if (secret === undefined || existing === undefined) return [];
        const message =
          'given together with router.existingSecret, which holds it; remove one of them';
        return [{ path: ['secret'], message }];
      },
      ({ staticRoutes, staticRoutesConfigMap }) => {
        if (staticRoutes === undefined || staticRoutesConfigMap === undefined) return [];
        const message =
          'given together with router.staticRoutesConfigMap, which holds them; remove one of them';
        return [{ path: ['staticRoutes'], message }];
      },
    ),
  )
  .prefault({});
