/** A values file of ClearML's installation guide, imported, becomes a router whose HTTP and TCP answer. */
import assert from 'node:assert/strict';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';

import { CoreV1Api } from '@kubernetes/client-node';
import { stringify } from 'yaml';

import { credentials } from '../../lab/clearml/seed.ts';
import { run } from '../../lab/command.ts';
import { checksOf } from '../../lab/run/checks.ts';
import { nextSteps } from '../../lab/run/next_steps.ts';
import { awaitAnswers } from '../../lab/run/samples.ts';
import { stackEnvironment } from '../../lab/run/stack.ts';
import { PORT_RANGE, PROJECT, ROUTER_NAMESPACE, STACK } from '../../lab/run/stack_config.ts';
import { stackUp, tcpAddressOf } from '../../lab/run/stack_up.ts';
import type { Target } from '../../lab/run/target.ts';
import { skipOrFail } from '../availability.ts';
import { REPOSITORY } from '../lab/start_process.ts';
import { preparedOrSkip } from '../session_or_skip.ts';

/** The address of the cluster's node, which is where the chart opens the range. */
async function nodeAddress({ config }: Target): Promise<string> {
  const { items } = await config.makeApiClient(CoreV1Api).listNode();
  const addresses = items.flatMap(({ status }) => status?.addresses ?? []);
  return addresses.find(({ type }) => type === 'InternalIP')?.address ?? '';
}

test("the guide's values file becomes a router that carries HTTP and TCP", async (t) => {
  const prepared = await preparedOrSkip(t, 'values-file');
  if (prepared === undefined) return;
  const { clearml, folder, samples, stack, target, tools, url } = prepared;
  const { exposure, kubeconfig } = target;
  if (exposure.kind !== 'ingress' || kubeconfig === undefined) {
    skipOrFail(t, 'the guide asks for an Ingress, and this cluster has no controller');
    return;
  }
  const values = join(folder.path, 'values.yaml');
  await writeFile(
    values,
    stringify({
      imageCredentials: { password: '${dockerhub_token}' },
      clearml: {
        apiServerKey: credentials.router.accessKey,
        apiServerSecret: credentials.router.secretKey,
        apiServerUrlReference: clearml.url,
        jwksKey: clearml.signingKey.base64url,
        authCookieName: clearml.cookieName,
        sslVerify: 'true',
      },
      ingress: { enabled: true, hostName: url },
      tcpSession: { routerAddress: await nodeAddress(target), portRange: PORT_RANGE },
    }),
  );

  // The stack has no other config than the file's and what no file of the chart can say.
  const imported = join(REPOSITORY, `Pulumi.${STACK}.yaml`);
  const own = join(stack.workspace.workDir, `Pulumi.${STACK}.yaml`);
  t.after(() => rm(imported, { force: true }));
  await rm(own, { force: true });
  await rm(imported, { force: true });
  const environment = await stackEnvironment(folder, tools);
  const told = await run(
    process.execPath,
    ['-r', './router/node_version.cjs', 'infra/import_values/main.ts', values, '--stack', STACK],
    {
      cwd: REPOSITORY,
      environment: {
        ...environment,
        PATH: [dirname(tools.pulumi.path), environment['PATH'] ?? ''].join(delimiter),
      },
    },
  );
  assert.equal(
    told,
    [
      `Pulumi.${STACK}.yaml: 3 sections taken over, 3 secrets encrypted.`,
      '  left out: imageCredentials.password (${dockerhub_token} is a placeholder)',
      "  not in values: who may open an endpoint: on an open-source server, which shows every task to everybody, its task's owner alone; " +
        'on other servers whoever may see the task. For that on any server: pulumi config set --path router.access.default visible',
      'Next: name the cluster (pulumi config set --path kubernetes.context NAME), then pulumi preview.\n',
    ].join('\n'),
  );
  if (own !== imported) await copyFile(imported, own);
  await stack.setAllConfig(
    {
      [`${PROJECT}:kubernetes.context`]: { value: target.context },
      [`${PROJECT}:kubernetes.kubeconfig`]: { value: kubeconfig, secret: true },
      [`${PROJECT}:ingress.className`]: { value: exposure.className },
      [`${PROJECT}:namespace.name`]: { value: ROUTER_NAMESPACE },
      [`${PROJECT}:router.drainSeconds`]: { value: '5' },
    },
    true,
  );

  const { outputs } = await stackUp(stack, new AbortController().signal, () => undefined);
  const answers = await awaitAnswers(clearml, samples, tcpAddressOf(outputs));
  const session = { ...prepared, answers };
  for (const { title, perform } of checksOf(session, await nextSteps(session))) {
    await t.test(title, perform);
  }
});
