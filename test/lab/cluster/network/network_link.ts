import { run } from '../../command.ts';
import { lock } from '../../lock.ts';
import { runInside } from '../processes/namespaces.ts';
import { chooseNetworks } from './networks.ts';
import type { Networks } from './networks.ts';

/**
 * Joins the host and the network namespace by a pair of links, with a route from the host to all of the cluster. Nothing is
 * translated and no rule of the host's firewall is touched, so all of it goes with the link.
 *
 * @param name of the host's end
 */
export async function linkNetworks(name: string, initPid: number): Promise<Networks> {
  // Two clusters that start at once must not choose the same block.
  const choosing = await lock('networks', () => undefined);
  try {
    const networks = await chooseNetworks();
    const { hostAddress, nodeAddress, linkPrefix, block } = networks;
    await run('ip', [
      'link',
      'add',
      'name',
      name,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      String(initPid),
    ]);
    await run('ip', ['address', 'add', `${hostAddress}/${linkPrefix}`, 'dev', name]);
    await run('ip', ['link', 'set', name, 'up']);
    await run('ip', ['route', 'add', block, 'via', nodeAddress, 'dev', name]);
    const inside = (...command: readonly string[]): Promise<string> =>
      runInside(initPid, ...command);
    await inside('ip', 'link', 'set', 'lo', 'up');
    await inside('ip', 'address', 'add', `${nodeAddress}/${linkPrefix}`, 'dev', 'eth0');
    await inside('ip', 'link', 'set', 'eth0', 'up');
    await inside('ip', 'route', 'add', 'default', 'via', hostAddress);
    await inside('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
    return networks;
  } finally {
    choosing.release();
  }
}

/** Removes the host's end of the link, and with it the other end and the route; says whether it was there. */
export async function removeLink(name: string): Promise<boolean> {
  const listed = await run('ip', ['-brief', 'link', 'show', 'type', 'veth']);
  if (!listed.split('\n').some((line) => line.split(/[@\s]/)[0] === name)) return false;
  await run('ip', ['link', 'delete', name]);
  return true;
}
