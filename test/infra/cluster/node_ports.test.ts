import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askNodePorts } from '../../../infra/cluster/node_ports.ts';
import { nodePortsIn } from '../../../infra/config/decisions/ports.ts';
import { parsedConfig } from '../parsed_config.ts';
import { guide, smallest } from '../stacks.ts';
import { clusterAnswering, Refusal } from './stand_in.ts';

const SERVICES = '/api/v1/namespaces/default/services';

suite('the range of node ports', () => {
  test('is read from the refusal of a port outside', async (context) => {
    const refusal = new Refusal(
      422,
      'Service "task-traffic-router-node-ports" is invalid: spec.ports[0].nodePort: Invalid value: 1: ' +
        'provided port is not in the valid range. The range of valid ports is 20000-22767',
    );
    const { reader } = await clusterAnswering(context, { [SERVICES]: refusal });
    assert.deepEqual(await askNodePorts(reader, 'default'), { start: 20_000, end: 22_767 });
  });

  test('is not known to whoever may not ask', async (context) => {
    const refusal = new Refusal(403, 'services is forbidden: User "a" cannot create resource');
    const { reader } = await clusterAnswering(context, { [SERVICES]: refusal });
    await assert.rejects(askNodePorts(reader, 'default'), {
      message: '403 services is forbidden: User "a" cannot create resource',
    });
  });

  test('is asked for only where config takes node ports, in a namespace that exists', () => {
    const service = { type: 'NodePort' };
    assert.equal(nodePortsIn(parsedConfig(guide)), undefined);
    assert.equal(nodePortsIn(parsedConfig({ ...smallest, service })), 'default');
    const namespace = { name: 'clearml', create: false };
    assert.equal(nodePortsIn(parsedConfig({ ...smallest, namespace, service })), 'clearml');
  });
});
