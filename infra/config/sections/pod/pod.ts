import { z } from 'zod';

import { furtherLabels } from '../objects/common_metadata.ts';
import { rules } from '../../values/problem.ts';
import { kubernetesObject, objectName, oneOf, textMap } from '../../values/values.ts';
import { environmentSource, environmentValue } from './environment.ts';
import { dnsConfig, hostAlias } from './host_names.ts';
import { probe } from './probe.ts';

const USER_ID = 'expected a user id above 0, or platform where the platform assigns one';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]), {
  error: 'expected amounts such as cpu: 100m, memory: 256Mi',
});

const kubernetesObjects = z.array(kubernetesObject, { error: 'expected a list' });

/** `pod`: how and where the router's pods run. */
export const pod = z
  .strictObject(
    {
      runAsUser: z
        .union([z.int(), z.literal('platform')], { error: USER_ID })
        .refine((user) => user === 'platform' || user > 0, { error: USER_ID })
        .default(1000)
        .describe('User id of the process; platform on OpenShift, which assigns one'),
      resources: z
        .strictObject(
          {
            requests: quantities.optional().describe('Amounts that a node has to have left'),
            limits: quantities.optional().describe('Amounts that a pod cannot go beyond'),
          },
          { error: 'expected requests and limits' },
        )
        .default({ requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } })
        .describe('Requests and limits; no limit of CPU, which would slow down every session'),
      labels: furtherLabels.default({}).describe('Further labels of the pods'),
      annotations: textMap.default({}).describe('Annotations of the pods'),
      nodeSelector: textMap.default({}).describe('Labels of the nodes that they may run on'),
      tolerations: kubernetesObjects.default([]).describe('Taints that they bear'),
      affinity: kubernetesObject.optional().describe('Where they rather run'),
      topologySpreadConstraints: kubernetesObjects
        .optional()
        .describe('How they spread; left out, over nodes and zones where there are several pods'),
      priorityClassName: objectName.optional().describe('Their priority class'),
      volumes: kubernetesObjects.default([]).describe('Further volumes'),
      volumeMounts: kubernetesObjects.default([]).describe('Where the router sees them'),
      env: z
        .record(z.string(), environmentValue, { error: 'expected keys with texts' })
        .default({})
        .describe(
          'Further settings of the router process, as texts or by valueFrom; none that the program sets itself',
        ),
      envFrom: z
        .array(environmentSource, { error: 'expected a list' })
        .default([])
        .describe(
          'Secrets and ConfigMaps whose keys become variables (secretRef, configMapRef, prefix). No setting of the router, proxy or option ' +
            'of Node is taken from there, since nobody sees at preview what they hold: name those in pod.env, by valueFrom',
        ),
      startupProbe: probe
        .optional()
        .describe('Until when a new pod is left alone: every 2 s, 30 failures, 3 s each'),
      livenessProbe: probe
        .optional()
        .describe('When a pod is restarted: every 10 s, 3 failures, 3 s each'),
      readinessProbe: probe
        .optional()
        .describe('When a pod gets no new connections: every 5 s, 2 failures, 3 s each'),
      hostAliases: z
        .array(hostAlias, { error: 'expected a list' })
        .default([])
        .describe('Lines of /etc/hosts: an ip and its hostnames'),
      dnsPolicy: oneOf('ClusterFirst', 'Default', 'None')
        .optional()
        .describe("Whose DNS the pods ask; left out, the cluster's"),
      dnsConfig: dnsConfig
        .optional()
        .describe('Their DNS servers and search domains; added to those of dnsPolicy'),
    },
    { error: 'expected the settings of the pods' },
  )
  .check(
    rules(({ dnsConfig, dnsPolicy }) => {
      if (dnsPolicy !== 'None' || (dnsConfig?.nameservers ?? []).length > 0) return [];
      const message = 'missing; with pod.dnsPolicy None nothing else names a DNS server';
      return [{ path: ['dnsConfig', 'nameservers'], message }];
    }),
  )
  .prefault({});
