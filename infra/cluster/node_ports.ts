import { messageOf } from '../errors.ts';
import type { Ports } from '../platform/platform.ts';
import type { ClusterReader } from './reader.ts';

/** What the allocator says of a port outside: https://github.com/kubernetes/kubernetes/blob/master/pkg/registry/core/service/portallocator/allocator.go */
const RANGE = /The range of valid ports is (\d+)-(\d+)/;

/**
 * The range of node ports, which no object tells: the API server names it where it refuses a port. A dry run is of no use, since it does not
 * look at the range (`operation.go` beside the file above). So a Service is sent that cannot come to be: its label has a key which validation
 * refuses, and a port is looked up before that, as `Store.Create` in k8s.io/apiserver has it (`BeginCreate`, then `BeforeCreate`).
 *
 * @param namespace one that exists.
 * @throws Error when the API server refuses for another reason, such as a missing right, or because port 1 is in its range.
 */
export async function askNodePorts({ create }: ClusterReader, namespace: string): Promise<Ports> {
  const refusal = await create(`/api/v1/namespaces/${namespace}/services`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'task-traffic-router-node-ports', labels: { '-not/a/key-': '' } },
    spec: { type: 'NodePort', ports: [{ port: 1, nodePort: 1, protocol: 'TCP' }] },
  }).then(() => 'accepted', messageOf);
  const [, start, end] = RANGE.exec(refusal) ?? [];
  if (start === undefined || end === undefined) throw new Error(refusal);
  return { start: Number(start), end: Number(end) };
}
