import { apiextensions } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import { grant } from '../../access/grant.ts';
import { metadataOf, type Scope } from '../../scope.ts';
import { IDLE_SECONDS } from './controllers.ts';
import { isSecure } from '../../config/decisions/tls.ts';

/**
 * OpenShift Routes: one for the host, one for that of the router's own pages if it is another, and, with a wildcard host, one for
 * all names below it, which the cluster's ingress must allow (`wildcardPolicy: WildcardsAllowed`).
 *
 * A certificate is referred to, never written into the Route: `externalCertificate`, from OpenShift 4.19 on. Without one,
 * the cluster's own wildcard certificate serves the host.
 */
export function openshiftRoutes(
  scope: Scope,
  serviceName: Input<string>,
  secretName: Input<string> | undefined,
): readonly Resource[] {
  const { hostName, pagesHostName, wildcardHost } = scope.config.ingress;
  const access = secretName === undefined ? [] : [certificateAccess(scope, secretName)];
  const route = (name: string, host: string, wildcardPolicy: string): Resource =>
    new apiextensions.CustomResource(
      name,
      {
        apiVersion: 'route.openshift.io/v1',
        kind: 'Route',
        metadata: {
          ...metadataOf(scope, name),
          annotations: {
            'haproxy.router.openshift.io/timeout': `${IDLE_SECONDS}s`,
            'haproxy.router.openshift.io/timeout-tunnel': `${IDLE_SECONDS}s`,
            ...scope.config.openshiftRoute.annotations,
          },
        },
        spec: {
          host,
          wildcardPolicy,
          to: { kind: 'Service', name: serviceName, weight: 100 },
          port: { targetPort: 'http' },
          ...(isSecure(scope.config) ? { tls: edge(secretName) } : {}),
        },
      },
      { parent: scope.parent, dependsOn: access },
    );
  const { router } = scope.names;
  return [
    route(router, hostName.host, 'None'),
    ...(pagesHostName === undefined ? [] : [route(`${router}-pages`, pagesHostName, 'None')]),
    ...(wildcardHost === undefined
      ? []
      : [route(`${router}-wildcard`, `wildcard.${wildcardHost}`, 'Subdomain')]),
  ];
}

function edge(secretName: Input<string> | undefined): object {
  return {
    termination: 'edge',
    insecureEdgeTerminationPolicy: 'Redirect',
    ...(secretName === undefined ? {} : { externalCertificate: { name: secretName } }),
  };
}

/** The right of OpenShift's ingress to read that one Secret, which `externalCertificate` asks for. */
function certificateAccess(scope: Scope, secretName: Input<string>): Resource {
  const name = `${scope.names.router}-certificate`;
  return grant(
    {
      nameInPulumi: name,
      metadata: metadataOf(scope, name),
      rules: [
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: [secretName],
          verbs: ['get', 'list', 'watch'],
        },
      ],
      subject: { name: 'router', namespace: 'openshift-ingress' },
    },
    { parent: scope.parent },
  );
}
