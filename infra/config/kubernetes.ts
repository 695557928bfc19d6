import { z } from 'zod';

import { evenWithOtherProblems, secretText } from './values.ts';

/** `kubernetes`: which cluster. Named always, so that no ambient context is ever changed by accident. */
export const kubernetes = z
  .strictObject(
    {
      context: z
        .string({ error: 'expected the name of a context of your kubeconfig' })
        .min(1, 'expected the name of a context of your kubeconfig')
        .optional()
        .describe('Context of the kubeconfig'),
      clusterUid: z
        .string({ error: 'expected the uid of a cluster' })
        .regex(/^[0-9a-f-]{36}$/, 'expected the uid of a cluster')
        .optional()
        .describe(
          'Stops the program before another cluster of the same context name is changed; the output clusterUid tells it',
        ),
      kubeconfig: secretText('the content of a kubeconfig')
        .optional()
        .describe('Content of a kubeconfig; left out, KUBECONFIG or ~/.kube/config is read'),
    },
    { error: 'expected the cluster: its context' },
  )
  .superRefine((value, context) => {
    if (value.context === undefined && value.kubeconfig === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['context'],
        message:
          'missing; name the cluster, so that no other is changed by accident: ' +
          'pulumi config set --path kubernetes.context NAME (kubectl config get-contexts lists them)',
      });
    }
  }, evenWithOtherProblems);
