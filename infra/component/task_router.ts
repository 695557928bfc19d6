import { type ComponentResourceOptions, getStack, log, type Output, output } from '@pulumi/pulumi';

import { outputsOf } from '../advice/outputs.ts';
import { nothingTold } from '../cluster/facts.ts';
import { settle } from '../config/reading/settle.ts';
import { taskNetworksOf } from '../network/task_networks.ts';
import { TaskRouter as Router } from '../task_router.ts';
import type { TaskRouterArgs } from './args.ts';
import { packedCode } from './packed_code.ts';
import { parseArgs } from './parse_args.ts';

/**
 * A router in a cluster, for a Pulumi program of one's own. The cluster is that of the provider among the options; it may be one that
 * the same program makes, so it is not asked for anything.
 */
export class TaskRouter extends Router {
  /** Where users open their endpoints. */
  readonly url: Output<string>;
  /** Where the router's own pages and API are: the same, unless they have a host of their own. */
  readonly pagesUrl: Output<string>;
  /** What `ssh` and other TCP clients connect to; null where TCP is off. */
  readonly tcp: Output<{ address: string; portStart: number; portEnd: number }> | null;
  /** Images that the cluster pulls. */
  readonly images: readonly string[];

  /**
   * @param code the router's bundle; left out, that of the package.
   * @throws InfraError `config-invalid`, whose message lists every problem of the arguments.
   */
  constructor(
    name: string,
    args: TaskRouterArgs,
    options: ComponentResourceOptions = {},
    code?: string,
  ) {
    const { config: asWritten, fill, stack, transforms } = parseArgs(name, args);
    const facts = nothingTold('a component asks no cluster');
    const config = settle(stack, asWritten, facts, 'argument');
    const taskNetworks = taskNetworksOf(config, facts, 'argument');
    const filled = <T>(value: T): Output<T> => output(fill(value)) as Output<T>;
    super(
      name,
      {
        config,
        code: config.router.code === 'image' ? '' : (code ?? packedCode()),
        taskNetworks: taskNetworks.networks,
        fill: filled as never,
      },
      { ...options, transforms: [...transforms, ...(options.transforms ?? [])] },
    );
    const outputs = outputsOf({
      stack: getStack(),
      clusterUid: undefined,
      config,
      namespace: this.namespace,
      tcpAddress: this.tcpAddress,
      httpAddress: this.httpAddress,
      taskNetworks,
      warnings: [],
    });
    this.url = filled(outputs.url);
    this.pagesUrl = filled(outputs.pagesUrl);
    this.tcp = outputs.tcp;
    this.images = outputs.images;
    for (const text of outputs.warnings) void log.warn(text, this);
  }
}
