import { core } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { namespaceLabels } from '../config/decisions/aws_targets.ts';
import type { StackConfig } from '../config/stack_config.ts';

/** Creates the namespace, or takes the name of one that exists: creating an object that exists is an error. */
export function namespaceFor(parent: Resource, config: StackConfig): Input<string> {
  const { annotations, create, name } = config.namespace;
  if (!create) return name;
  const labels = namespaceLabels(config);
  return new core.v1.Namespace(
    `${config.router.name}-namespace`,
    {
      metadata: {
        name,
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      },
    },
    // Its name before several routers could be in one program; a namespace that is replaced takes all in it along.
    { parent, aliases: [{ name: 'namespace' }] },
  ).metadata.name;
}
