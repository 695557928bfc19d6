import { parseArgs } from 'node:util';

import { LabError } from '../errors.ts';

/** What the user asked for on the command line. */
export interface RunOptions {
  /** Context of the user's kubeconfig; undefined: a one-node cluster of the lab's own. */
  readonly context: string | undefined;
  /** Processes of this machine instead of a cluster. */
  readonly noCluster: boolean;
  /** Check everything, tear down, and end. */
  readonly once: boolean;
  /** Open the web app in the browser of this machine. */
  readonly open: boolean;
  /** Name what is missing instead of installing it. */
  readonly noInstall: boolean;
  /** Address of this machine for the pods to call; undefined: the one from which it reaches the cluster. */
  readonly address: string | undefined;
}

/** Of a run that no person watches: it installs nothing, and ends by itself. */
export const UNATTENDED: RunOptions = {
  context: undefined,
  address: undefined,
  noCluster: false,
  once: true,
  open: false,
  noInstall: true,
};

export const HELP = `Usage: npm start -- [options]

Puts the router into a Kubernetes cluster with pulumi up, with a stand-in ClearML server and two sample tasks,
prints how to reach them, and stays until Ctrl-C.

  --context NAME     use this context of your kubeconfig; left out, a one-node cluster is made on this machine
  --address ADDRESS  with --context: the address of this machine that the cluster's pods can call
  --no-cluster       no Kubernetes: the router, the stand-in and the tasks run as processes of this machine. So it is
                     where a cluster of its own cannot be made, too
  --open             open the web app in your browser once it answers
  --once             check every printed line, remove everything, end with status 0 or 1
  --no-install       install nothing: where a cluster needs it, name what is missing and end
  --help             show this text

npm stop removes everything that npm start has made.`;

/**
 * Reads the arguments of `npm start`; undefined where help was asked for.
 *
 * @throws LabError `ARGUMENTS_INVALID`
 */
export function parseOptions(args: readonly string[]): RunOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        context: { type: 'string' },
        address: { type: 'string' },
        'no-cluster': { type: 'boolean', default: false },
        open: { type: 'boolean', default: false },
        once: { type: 'boolean', default: false },
        'no-install': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return undefined;
    if (values.address !== undefined && values.context === undefined) {
      throw new Error("--address goes with --context: the lab's own cluster knows its address");
    }
    if (values['no-cluster'] && values.context !== undefined) {
      throw new Error('--no-cluster and --context exclude each other');
    }
    return {
      context: values.context,
      noCluster: values['no-cluster'],
      once: values.once,
      open: values.open,
      noInstall: values['no-install'],
      address: values.address,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new LabError('ARGUMENTS_INVALID', `${message}\n\n${HELP}`, { cause: error });
  }
}
