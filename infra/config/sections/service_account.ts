import { z } from 'zod';

import { rules } from '../values/problem.ts';
import { flag, objectName, textMap } from '../values/values.ts';

/** `serviceAccount`: who the pods are to the API server, and to a cloud that trusts the cluster's accounts. */
export const serviceAccount = z
  .strictObject(
    {
      create: flag
        .default(true)
        .describe(
          'False to use one that exists; what the router needs of the API is granted to it',
        ),
      name: objectName.optional().describe('Its name; left out, that of the router'),
      annotations: textMap
        .default({})
        .describe(
          'Its annotations, such as eks.amazonaws.com/role-arn, iam.gke.io/gcp-service-account or azure.workload.identity/client-id',
        ),
    },
    { error: 'expected the settings of the service account' },
  )
  .check(
    rules(
      ({ create, name }) =>
        create || name !== undefined
          ? []
          : [{ path: ['name'], message: 'missing; name the account that exists' }],
      ({ annotations, create }) =>
        create || Object.keys(annotations).length === 0
          ? []
          : [{ path: ['annotations'], message: 'has no effect: serviceAccount.create is false' }],
    ),
  )
  .prefault({});
