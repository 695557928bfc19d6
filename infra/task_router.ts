import type { apps } from '@pulumi/kubernetes';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from '@pulumi/pulumi';

import { keepAvailable } from './workload/availability.ts';
import {
  certificateAuthorities,
  taskCertificateAuthorities,
} from './workload/certificate_authorities.ts';
import type { SettledConfig } from './config/decisions/found.ts';
import { credentialsFor } from './secrets/credentials.ts';
import { deployment } from './workload/deployment.ts';
import { makeExtraObjects } from './extra_objects.ts';
import { expose } from './network/exposure/expose.ts';
import { imagePullSecrets } from './secrets/image_pull_secret.ts';
import { monitor } from './monitoring/monitor.ts';
import { namesOf } from './names.ts';
import { namespaceFor } from './access/namespace.ts';
import { networkPolicy } from './network/policy/network_policy.ts';
import { outgoingProxy } from './workload/outgoing_proxy.ts';
import { routerCode } from './workload/router_code.ts';
import { routerSecret } from './secrets/router_secret.ts';
import { routerSettings } from './config/decisions/router_settings.ts';
import { peersService } from './network/peers_service.ts';
import type { Scope } from './scope.ts';
import { serviceAccount } from './access/service_account.ts';
import { staticRoutes } from './workload/static_routes.ts';
import { exposeTcp } from './network/tcp_service.ts';
import { objectTransforms } from './transforms.ts';

/** What a TaskRouter is made of. */
export interface TaskRouterArgs {
  readonly config: SettledConfig;
  /** The router's bundle. */
  readonly code: string;
  /** Networks that tasks' addresses may lie in. */
  readonly taskNetworks: readonly string[];
  /** Puts values of other resources in the place of what stands for them in the config; none where all is known. */
  readonly fill?: (value: Input<string>) => Input<string>;
}

/** A router in a cluster, with all that it needs. Its provider comes by the component's options. */
export class TaskRouter extends ComponentResource {
  readonly namespace: Input<string>;
  /** Address that TCP users connect to; undefined where TCP is off. */
  readonly tcpAddress: Input<string> | undefined;
  /** What runs the router's pods. */
  readonly deployment: apps.v1.Deployment;
  /** Address of the load balancer that leads HTTP here; undefined where it is no object of this component that has one. */
  readonly httpAddress: Output<string | undefined> | undefined;

  constructor(name: string, args: TaskRouterArgs, options: ComponentResourceOptions) {
    const { config, fill = (value: Input<string>) => value } = args;
    super(
      'clearml:router:TaskRouter',
      name,
      {},
      {
        ...options,
        transforms: [...(options.transforms ?? []), ...objectTransforms(config)],
      },
    );
    const names = namesOf(config.router.name);
    this.namespace = fill(namespaceFor(this, config));
    const scope: Scope = { parent: this, config, names, namespace: this.namespace };

    const tcpAddress = exposeTcp(scope);
    this.tcpAddress = tcpAddress === undefined ? undefined : fill(tcpAddress);
    const mounts = [
      config.router.code === 'image' ? undefined : routerCode(scope, args.code),
      credentialsFor(scope),
      routerSecret(scope),
      certificateAuthorities(scope),
      taskCertificateAuthorities(scope),
      staticRoutes(scope),
    ].filter((mount) => mount !== undefined);
    const settings = routerSettings<Input<string>>({
      config,
      files: Object.assign({}, ...mounts.map((mount) => mount.settings)),
      namespace: this.namespace,
      tcpAddress: this.tcpAddress,
      taskNetworks: args.taskNetworks,
    });
    makeExtraObjects(scope);
    networkPolicy(scope, args.taskNetworks);
    this.deployment = deployment(scope, {
      mounts,
      imagePullSecrets: imagePullSecrets(scope),
      proxy: outgoingProxy(scope),
      serviceAccount: serviceAccount(scope),
      settings,
    });
    keepAvailable(scope, this.deployment.metadata.name);
    this.httpAddress = expose(scope);
    peersService(scope);
    monitor(scope);
    this.registerOutputs({
      namespace: this.namespace,
      tcpAddress: this.tcpAddress ?? null,
      httpAddress: this.httpAddress ?? null,
    });
  }
}
