import { z } from 'zod';

import { rules } from '../values/problem.ts';
import { PLATFORMS } from '../../platform/platform.ts';
import { filledText, oneOf, secretText, textLike } from '../values/values.ts';

/** `kubernetes`: which cluster. Named always, so that no ambient context is ever changed by accident. */
export const kubernetes = z
  .strictObject(
    {
      context: filledText('the name of a context of your kubeconfig')
        .optional()
        .describe('Context of the kubeconfig'),
      clusterUid: textLike(/^[0-9a-f-]{36}$/, 'the uid of a cluster')
        .optional()
        .describe(
          'Stops the program before another cluster of the same context name is changed; the output clusterUid tells it',
        ),
      platform: oneOf(...PLATFORMS)
        .optional()
        .describe(
          'What kind of cluster it is, which decides on load balancers, the NetworkPolicy and the Ingress where other keys do not; ' +
            'left out, the cluster is asked',
        ),
      kubeconfig: secretText('the content of a kubeconfig')
        .optional()
        .describe('Content of a kubeconfig; left out, KUBECONFIG or ~/.kube/config is read'),
    },
    { error: 'expected the cluster: its context' },
  )
  .check(
    rules(({ context, kubeconfig }) => {
      if (context !== undefined || kubeconfig !== undefined) return [];
      const message =
        'missing; name the cluster, so that no other is changed by accident: ' +
        'pulumi config set --path kubernetes.context NAME (kubectl config get-contexts lists them)';
      return [{ path: ['context'], message }];
    }),
  );
