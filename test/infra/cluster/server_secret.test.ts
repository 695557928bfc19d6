import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { askCluster } from '../../../infra/cluster/facts.ts';
import { checkServerSecret } from '../../../infra/cluster/server_secret.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';
import { type Answers, clusterAnswering, Refusal } from './stand_in.ts';

const { jwksKey: _, ...account } = smallest.clearml;
const config = parsedConfig({ ...smallest, clearml: { ...account, serverSecret: {} } });
const { serverSecret } = config.clearml;
const PATH = '/api/v1/namespaces/clearml/secrets/clearml-conf';
const version = { major: '1', minor: '31', gitVersion: 'v1.31.2' };

suite('checkServerSecret', () => {
  const found: readonly (readonly [name: string, answers: Answers])[] = [
    ['is there', { '/version': version, [PATH]: { data: {} } }],
    ['may not be read', { '/version': version, [PATH]: new Refusal(403, 'forbidden') }],
  ];
  for (const [name, answers] of found) {
    test(`says nothing of one that ${name}`, async (context) => {
      const { kubeconfig } = await clusterAnswering(context, answers);
      const facts = await askCluster({ kubeconfig, context: undefined }, { serverSecret });
      assert.doesNotThrow(() => {
        checkServerSecret(config, facts.lacksServerSecret);
      });
    });
  }

  test('names the key of one that is not there', async (context) => {
    const { kubeconfig } = await clusterAnswering(context, { '/version': version });
    const facts = await askCluster({ kubeconfig, context: undefined }, { serverSecret });
    assert.throws(
      () => {
        checkServerSecret(config, facts.lacksServerSecret);
      },
      {
        code: 'signing-key-missing',
        message:
          'clearml.serverSecret: there is no Secret clearml-conf in namespace clearml. Nothing was changed. Name that of your ClearML ' +
          'server by its name and its namespace, such as: ' +
          'pulumi config set --plaintext --path clearml.serverSecret.namespace clearml',
      },
    );
  });
});
