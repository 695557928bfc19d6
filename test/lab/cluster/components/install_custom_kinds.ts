import { ApiextensionsV1Api, type KubeConfig } from '@kubernetes/client-node';

import { ApiServer } from '../../provider/api_server.ts';
import { asManifest } from '../../provider/manifest.ts';
import type { JsonObject } from '../../provider/property_values.ts';
import { waitFor } from '../../run/kubernetes/wait.ts';
import type { CustomResourceDefinition } from '../../tools/custom_kinds.ts';

/** Makes custom kinds known to a cluster, and returns when objects of them can be made. */
export async function installCustomKinds(
  config: KubeConfig,
  definitions: readonly CustomResourceDefinition[],
): Promise<void> {
  const api = new ApiServer(config);
  const extensions = config.makeApiClient(ApiextensionsV1Api);
  for (const definition of definitions) {
    await api.apply(asManifest(definition as JsonObject), {
      manager: 'lab',
      force: false,
      dryRun: false,
    });
  }
  for (const { metadata } of definitions) {
    await waitFor(
      30,
      async () => {
        const { status } = await extensions.readCustomResourceDefinition({ name: metadata.name });
        const established = status?.conditions?.find(({ type }) => type === 'Established');
        return established?.status === 'True' ? true : undefined;
      },
      () => Promise.resolve(`the custom kind ${metadata.name} is not established`),
    );
  }
}
