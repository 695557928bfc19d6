import type { Input } from '@pulumi/pulumi';
import type { z } from 'zod';

import type { sections } from '../config/stack_config.ts';

/** Keys whose values may come from other resources: secrets, hosts, addresses, certificates, and names of objects. */
export const INPUT_PATHS = [
  'clearml.apiServerKey',
  'clearml.apiServerSecret',
  'clearml.jwksKey',
  'clearml.existingSecret.name',
  'clearml.caCertificates',
  'clearml.existingCaConfigMap.name',
  'clearml.existingCaSecret.name',
  'clearml.proxy.password',
  'clearml.proxy.existingSecret.name',
  'imageCredentials.password',
  'ingress.hostName',
  'ingress.wildcardHost',
  'ingress.pagesHostName',
  'ingress.tlsSecretName',
  'tls.certificate',
  'tls.privateKey',
  'service.loadBalancerIP',
  'tcpSession.routerAddress',
  'tcpSession.service.loadBalancerIP',
  'namespace.name',
  'router.taskCa',
  'router.secret',
  'router.existingSecret.name',
  'router.staticRoutesConfigMap',
] as const;

type InputPath = (typeof INPUT_PATHS)[number];

/** A host whose TLS ends before the cluster, where the host comes from another resource; as a text it is `https://host`. */
export interface HttpsHost {
  readonly https: Input<string>;
}

/** What a key takes: what a stack file says there, or a value of another resource. */
type Argument<Written, Path extends string> = Path extends 'ingress.hostName'
  ? Input<string> | HttpsHost
  : Path extends InputPath
    ? Input<string>
    : Written extends readonly unknown[]
      ? Written
      : Written extends object
        ? { readonly [Key in keyof Written]: Argument<Written[Key], `${Path}.${Key & string}`> }
        : Written;

type Written = z.input<z.ZodObject<typeof sections>>;

/** Sections without which there is no router. */
type Needed = 'clearml' | 'ingress';

type Sections = { readonly [Section in Needed]: NonNullable<Written[Section]> } & Omit<
  Written,
  Needed | 'kubernetes'
>;

/** Which cluster is said by the provider, and so is not said here. */
type OfProvider = 'context' | 'kubeconfig' | 'clusterUid';

/**
 * What a stack file says, as arguments: the same sections and keys (infra/README.md lists them), checked by the same schema.
 * `router.name` is the name of the component unless it is given; `router.taskNetworks` has to be, since no cluster is asked.
 */
export type TaskRouterArgs = {
  readonly [Section in keyof Sections]: Argument<Sections[Section], Section>;
} & { readonly kubernetes?: Omit<NonNullable<Written['kubernetes']>, OfProvider> };
