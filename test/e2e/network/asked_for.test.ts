/** A task in a pod of a real cluster, whose code knows nothing of a router, is asked for by the API and carried to. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';

import { CoreV1Api } from '@kubernetes/client-node';
import { request, type Dispatcher } from 'undici';

import { addTask, taskWhen } from '../../lab/clearml/asks.ts';
import { userToken } from '../../lab/clearml/client.ts';
import { runPod } from '../../lab/run/kubernetes/pods.ts';
import { waitFor } from '../../lab/run/kubernetes/wait.ts';
import { PROJECT } from '../../lab/run/stack_config.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { sampleProgram } from '../../lab/tasks/programs.ts';
import { preparedOrSkip } from '../session_or_skip.ts';

/** Apart from the sample tasks, whose pods bear no id of a task: the router would refuse their addresses. */
const NAMESPACE = 'task-traffic-router-lab-asked-for';
const PORT = 8080;
const SECRETS = { _user_secret: 'hush' };

test('asked for by the API, carried to its pod, withdrawn', async (t) => {
  const run = await preparedOrSkip(t, 'asked-for');
  if (run === undefined) return;
  const { clearml, stack, target, url } = run;
  const core = target.config.makeApiClient(CoreV1Api);
  await core.createNamespace({ body: { metadata: { name: NAMESPACE } } });
  const key = `${PROJECT}:router.verifyPods.namespaces[0]`;
  await stack.setAllConfig({ [key]: { value: NAMESPACE } }, true);
  await stackUp(stack, new AbortController().signal, () => undefined);

  const id = randomUUID().replaceAll('-', '');
  const address = await runPod(target.config, {
    name: `clearml-id-${id}`,
    namespace: NAMESPACE,
    code: await sampleProgram('web_app'),
    environment: { PORT: String(PORT) },
  });
  addTask(clearml, { id, name: 'knows nothing', systemTags: [], runtime: SECRETS });
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  const call = async (method: Dispatcher.HttpMethod, path: string, body?: object) => {
    const text = body === undefined ? null : JSON.stringify(body);
    const headers = { authorization, accept: '*/*' };
    const answer = await request(url + path, { method, headers, body: text });
    return { status: answer.statusCode, text: await answer.body.text() };
  };

  const wish = { task: id, port: PORT, protocol: 'http', name: 'app' };
  const asked = await call('POST', '/api/v1/endpoints', wish);
  assert.equal(asked.status, 201, asked.text);
  assert.equal((JSON.parse(asked.text) as { url: string }).url, `${url}/service/${id}__app/`);
  const { runtime } = await taskWhen(clearml, id, (task) => 'endpoint__app' in task.runtime);
  assert.equal(runtime['_ADDRESS__app'], address);
  const page = await call('GET', `/service/${id}__app/`);
  assert.equal(page.status, 200);
  assert.match(page.text, /<h1>Sample task<\/h1>/);

  assert.equal((await call('DELETE', `/api/v1/endpoints/${id}__app`)).status, 204);
  const status = async () => (await call('GET', `/service/${id}__app/`)).status;
  await waitFor(
    15,
    async () => ((await status()) === 404 ? true : undefined),
    async () => `the endpoint answers with ${await status()}`,
  );
  assert.deepEqual(clearml.state.task(id)?.runtime, SECRETS);
  assert.deepEqual(clearml.state.task(id)?.system_tags, []);
});
