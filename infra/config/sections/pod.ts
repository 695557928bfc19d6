import { z } from 'zod';

import { objectName, textMap } from '../values/values.ts';

const USER_ID = 'expected a user id above 0, or platform where the platform assigns one';

const quantities = z.record(z.string(), z.union([z.string(), z.number()]), {
  error: 'expected amounts such as cpu: 100m, memory: 256Mi',
});

/** A part of Kubernetes' own API, handed on as it is: the API server checks it. */
const kubernetesObject = z.record(z.string(), z.json(), { error: 'expected a group of keys' });
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
      labels: textMap.default({}).describe('Further labels of the pods'),
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
      env: textMap
        .default({})
        .describe('Further settings of the router process; none that the program sets itself'),
    },
    { error: 'expected the settings of the pods' },
  )
  .prefault({});
