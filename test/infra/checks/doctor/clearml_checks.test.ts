import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { clearmlChecks } from '../../../../infra/checks/doctor/clearml_checks.ts';
import { addTask } from '../../../lab/clearml/asks.ts';
import { credentials, ids } from '../../../lab/clearml/seed.ts';
import type { ClearMlOptions } from '../../../lab/clearml/options.ts';
import { type ClearMl, startClearMl } from '../../../lab/clearml/server.ts';
import { linesOf, told } from '../find.ts';
import { clusterAnswering, Refusal } from '../../cluster/stand_in.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

suite("the doctor's look at ClearML", () => {
  let clearml: ClearMl;
  before(async () => {
    clearml = await startClearMl();
  });
  after(() => clearml.stop());

  const account = () => ({
    apiServerUrlReference: clearml.url,
    apiServerKey: credentials.router.accessKey,
    apiServerSecret: credentials.router.secretKey,
    jwksKey: clearml.signingKey.base64url,
  });

  test('says so when the account works for the tasks of all users, and leaves no trace', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    const task = addTask(clearml, { user: ids.alice });
    context.after(() => clearml.state.removeTask(task.id));
    const untouched = clearml.state.task(task.id);
    const checks = clearmlChecks(parsedConfig({ ...smallest, clearml: account() }), reader);
    assert.deepEqual(await linesOf(checks), {
      isGood: true,
      lines: [
        `✔ ClearML account: ${clearml.url} accepts the credentials`,
        "✔ tasks of others: the account sees and may edit other users' tasks",
        "• who may open endpoints: the server (feature set basic) shows every task to everybody; who opens an endpoint that says nothing: its task's owner alone (owner: router.access.default is left out), which does not hold yet",
        "    a task may name the address of another's, and its owner opens that one. Where all tasks run in pods, of namespace clearml for example: pulumi config set --path 'router.verifyPods.namespaces[0]' clearml, and pulumi config set --path router.verifyPods.strict true",
        '✔ passwords: the server has users with passwords',
        "✔ signing key: it verifies the server's own token",
      ],
    });
    assert.deepEqual(clearml.state.task(task.id), untouched);
    assert.equal(clearml.calls.count({ call: 'tasks.edit' }), 1);
  });

  test('tells of an account that may not edit the tasks of others', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    const task = addTask(clearml, { user: ids.alice });
    const fault = clearml.faults.add({
      kind: 'error',
      code: 403,
      subcode: 21,
      message: 'No write permission',
      calls: ['tasks.edit'],
    });
    context.after(() => {
      fault.clear();
      clearml.state.removeTask(task.id);
    });
    const checks = clearmlChecks(parsedConfig({ ...smallest, clearml: account() }), reader);
    assert.deepEqual(await told(checks, 'tasks of others'), [
      `✖ tasks of others: sees other users' tasks, but may not edit task ${task.id}: ClearML refused tasks.edit: No write permission (403/21)`,
      "    Use the credentials of an administrator or of a service account: the router serves everybody's tasks.",
    ]);
  });

  test('tells of a server on which everybody is whom they say they are, where that is so', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    const linesOn = async (options: ClearMlOptions): Promise<readonly string[]> => {
      const open = await startClearMl({ fixedUsers: false, ...options });
      context.after(() => open.stop());
      const own = { ...account(), apiServerUrlReference: open.url };
      return told(clearmlChecks(parsedConfig({ ...smallest, clearml: own }), reader), 'passwords');
    };
    assert.deepEqual(await linesOn({}), [
      '• passwords: the server asks for a name alone: whoever reaches it is whom they say they are, and no level of access holds',
      '    Give it users with passwords: auth.fixed_users in its apiserver.conf.',
    ]);
    assert.deepEqual(await linesOn({ edition: 'enterprise' }), [
      '✔ passwords: not asked of feature set advanced',
    ]);
  });

  test('tells once why the credentials are refused', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    const wrong = { ...account(), apiServerSecret: 'SECRET-wrong' };
    const checks = clearmlChecks(parsedConfig({ ...smallest, clearml: wrong }), reader);
    const [line = ''] = await told(checks, 'ClearML account');
    assert.equal(line.match(/refused auth\.login/g)?.length, 1, line);
  });

  test('does not count public tasks and tasks of its own', async (context) => {
    const { reader } = await clusterAnswering(context, {});
    const tasks = [{ company: '' }, { user: ids.router }].map((seed) => addTask(clearml, seed));
    context.after(() => {
      for (const { id } of tasks) clearml.state.removeTask(id);
    });
    const checks = clearmlChecks(parsedConfig({ ...smallest, clearml: account() }), reader);
    assert.deepEqual(await told(checks, 'tasks of others'), [
      "• tasks of others: none of the last 2 tasks that the account sees is another user's",
      '    Good on a server that nobody else uses yet. Use the credentials of an administrator or of a service account: ' +
        "the router serves everybody's tasks.",
    ]);
  });

  test('reads credentials and key where config says that they lie', async (context) => {
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/clearml/secrets/account': {
        data: {
          key: base64(credentials.router.accessKey),
          apiServerSecret: base64(`${credentials.router.secretKey}\n`),
          jwksKey: base64('another-key-that-signed-nothing'),
        },
      },
      '/api/v1/namespaces/clearml/secrets/clearml-conf': {
        data: { secure_auth_token_secret: base64(clearml.signingKey.raw) },
      },
    });
    const namespace = { name: 'clearml', create: false };
    const { apiServerUrlReference, apiServerKey, apiServerSecret } = account();
    const existingSecret = { name: 'account', apiServerKeyKey: 'key' };
    const inSecret = clearmlChecks(
      parsedConfig({ ...smallest, namespace, clearml: { apiServerUrlReference, existingSecret } }),
      reader,
    );
    assert.match((await told(inSecret, 'ClearML account')).join(), /^✔/);
    assert.equal(
      (await told(inSecret, 'signing key'))[0],
      "✖ signing key: key jwksKey of Secret account does not verify the server's own token, neither as base64url nor as raw text",
    );
    const own = { apiServerUrlReference, apiServerKey, apiServerSecret, serverSecret: {} };
    const ofServer = clearmlChecks(parsedConfig({ ...smallest, clearml: own }), reader);
    assert.match((await told(ofServer, 'signing key')).join(), /^✔/);
  });

  test('says which Secret cannot be read, and why', async (context) => {
    const path = '/api/v1/namespaces/task-traffic-router/secrets/account';
    const { reader } = await clusterAnswering(context, {
      [path]: new Refusal(403, 'secrets "account" is forbidden'),
    });
    const { apiServerUrlReference } = account();
    const config = parsedConfig({
      ...smallest,
      clearml: { apiServerUrlReference, existingSecret: { name: 'account' } },
    });
    assert.deepEqual(await told(clearmlChecks(config, reader), 'ClearML account'), [
      '✖ ClearML account: 403 secrets "account" is forbidden',
      '    Mend this and run the command again.',
    ]);
  });
});
