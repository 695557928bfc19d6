/* Starts a cluster in a process of its own, which a test may kill: node cluster_starter.ts DIRECTORY. */
import { clusterUp } from '../../lab/cluster/up.ts';
import { prepareTools } from '../../lab/tools/prepare.ts';

const [, , directory] = process.argv;
if (directory === undefined) throw new Error('usage: node cluster_starter.ts DIRECTORY');
const tools = await prepareTools({
  noInstall: true,
  wants: 'cluster',
  onProgress: () => undefined,
});
await clusterUp({
  directory,
  tools,
  images: [],
  onProgress: (_, detail) => console.log(detail),
});
console.log('up');
// Until it is killed.
setInterval(() => undefined, 60_000);
