import { ComponentResource, type ComponentResourceOptions, type Input } from '@pulumi/pulumi';

import { keepAvailable } from './availability.ts';
import { certificateAuthorities } from './certificate_authorities.ts';
import type { KubernetesVersion } from './cluster/version.ts';
import type { StackConfig } from './config/schema.ts';
import { credentialsFor } from './credentials.ts';
import { deployment } from './deployment.ts';
import { expose } from './exposure/expose.ts';
import { imagePullSecrets } from './image_pull_secret.ts';
import { monitor } from './monitoring/monitor.ts';
import { namesOf } from './names.ts';
import { namespaceFor } from './namespace.ts';
import { networkPolicy } from './network_policy.ts';
import { outgoingProxy } from './outgoing_proxy.ts';
import { routerCode } from './router_code.ts';
import { routerSecret } from './router_secret.ts';
import { routerSettings } from './router_settings.ts';
import type { Scope } from './scope.ts';
import { serviceAccount } from './service_account.ts';
import { staticRoutes } from './static_routes.ts';
import { tcpAddress } from './tcp_service.ts';
import { objectTransformation } from './transforms.ts';

/** What a TaskRouter is made of. */
export interface TaskRouterArgs {
  readonly config: StackConfig;
  /** The router's bundle. */
  readonly code: string;
  /** Networks that tasks' addresses may lie in. */
  readonly taskNetworks: readonly string[];
  /** The cluster's version; undefined where it could not be asked. */
  readonly version: KubernetesVersion | undefined;
}

/** A router in a cluster, with all that it needs. Its provider comes by the component's options. */
export class TaskRouter extends ComponentResource {
  readonly namespace: Input<string>;
  /** Address that TCP users connect to; undefined where TCP is off. */
  readonly tcpAddress: Input<string> | undefined;

  constructor(name: string, args: TaskRouterArgs, options: ComponentResourceOptions) {
    const { config } = args;
    const transformation = objectTransformation(config.transforms);
    super(
      'clearml:router:TaskRouter',
      name,
      {},
      transformation === undefined ? options : { ...options, transformations: [transformation] },
    );
    const names = namesOf(config.router.name);
    this.namespace = namespaceFor(this, config);
    const scope: Scope = { parent: this, config, names, namespace: this.namespace };

    this.tcpAddress = tcpAddress(scope);
    const credentials = credentialsFor(scope);
    const ownSecret = routerSecret(scope);
    const authorities = certificateAuthorities(scope);
    const isElected = config.availability.leaderElection;
    const settings = routerSettings({
      config,
      credentials,
      routerSecret: ownSecret,
      leaseName: isElected ? names.router : undefined,
      caFile: authorities?.file,
      namespace: this.namespace,
      tcpAddress: this.tcpAddress,
      taskNetworks: args.taskNetworks,
    });
    networkPolicy(scope, args);
    const deploymentName = deployment(scope, {
      codeConfigMap: config.router.code === 'image' ? undefined : routerCode(scope, args.code),
      credentials,
      routerSecret: ownSecret,
      certificateAuthorities: authorities,
      staticRoutes: staticRoutes(scope),
      imagePullSecrets: imagePullSecrets(scope),
      proxy: outgoingProxy(scope),
      serviceAccount: serviceAccount(scope),
      settings,
    });
    keepAvailable(scope, deploymentName);
    expose(scope);
    monitor(scope);
    this.registerOutputs({ namespace: this.namespace, tcpAddress: this.tcpAddress ?? null });
  }
}
