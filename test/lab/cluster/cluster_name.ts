import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';

/**
 * The name of the cluster of a state directory: one for each directory, so that two checkouts on one machine do not meet. It
 * names the network link and the cgroups too, and the kernel allows 15 characters for a link.
 */
export async function clusterName(directory: string): Promise<string> {
  const path = await realpath(directory);
  return `ttr-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}
