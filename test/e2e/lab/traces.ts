import { access, readdir, readFile } from 'node:fs/promises';

import { run } from '../../lab/command.ts';

/**
 * Everything on this machine that bears the mark of a run: its directory, or the name of its cluster, in processes, links,
 * routes, mounts, control groups; and the directory itself.
 */
export async function tracesOf(directory: string, clusterName: string): Promise<readonly string[]> {
  const bears = (text: string): boolean => text.includes(clusterName) || text.includes(directory);
  const found: string[] = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, 'latin1').catch(() => '');
    if (bears(command)) found.push(`process: ${command}`);
  }
  const listed = {
    link: await run('ip', ['-o', 'link']),
    route: await run('ip', ['route', 'show', 'table', 'all']),
    mount: await readFile('/proc/self/mounts', 'utf8'),
    cgroup: await run('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-name', clusterName]),
  };
  for (const [kind, text] of Object.entries(listed)) {
    for (const line of text.split('\n')) {
      if (bears(line)) found.push(`${kind}: ${line}`);
    }
  }
  await access(directory).then(
    () => found.push(directory),
    () => undefined,
  );
  return found;
}
