import { core } from '@pulumi/kubernetes';

import { findsPeers } from '../config/decisions/pods.ts';
import { OWN_PORTS } from '../config/decisions/ports.ts';
import { metadataOf, type Scope } from '../scope.ts';

/**
 * The Service without an address of its own by whose name in DNS the pods find each other; undefined where they do not. It names those,
 * too, that are not ready: a pod that drains still carries what users began there.
 */
export function peersService(scope: Scope): core.v1.Service | undefined {
  const { config, names, parent } = scope;
  if (!findsPeers(config)) return undefined;
  return new core.v1.Service(
    names.peers,
    {
      metadata: {
        ...metadataOf(scope, names.peers),
        annotations: { 'pulumi.com/skipAwait': 'true' },
      },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: names.selector,
        ports: [{ name: 'admin', port: OWN_PORTS.admin, targetPort: 'admin', protocol: 'TCP' }],
      },
    },
    { parent },
  );
}
