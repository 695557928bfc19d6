/** OpenAI's own client, and a stand-in for vLLM behind the router: each event comes before the next one is sent. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { userToken } from '../lab/clearml/client.ts';
import { startModelServer, type ModelServer } from './model_server.ts';
import { prepareApp } from './packages.ts';
import { FORMS, TaskRouter, type AppTask } from './task_router.ts';

const { python, absent } = await prepareApp('openai');

describe('an OpenAI-compatible server', { skip: absent }, () => {
  const running = new AsyncDisposableStack();
  let router: TaskRouter;
  let model: ModelServer;
  let task: AppTask;

  before(async () => {
    model = running.adopt(await startModelServer(), (started) => started.stop());
    router = running.adopt(await TaskRouter.start(), (started) => started.stop());
    task = await router.addApp(model.port);
  });
  after(() => running.disposeAsync());

  async function startClient(url: string, more: Readonly<Record<string, string>> = {}) {
    const { host, pathname } = new URL(url);
    const script = join(import.meta.dirname, 'python', 'chat.py');
    const base = `http://127.0.0.1:${router.port}${pathname}v1`;
    const child = spawn(python, [script, base, host], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        CLEARML_TOKEN: await userToken(router.clearml, 'alice'),
        ...more,
      },
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, line: async () => (await lines.next()).value };
  }

  async function firstWord(url: string, more?: Readonly<Record<string, string>>) {
    const client = await startClient(url, more);
    const asked = model.asked();
    assert.equal(await client.line(), 'stand-in');
    await asked;
    model.say('one');
    assert.equal(await client.line(), 'one');
    return client;
  }

  for (const form of FORMS) {
    test(`streams event by event, and its token stays at the router: ${form} form`, async () => {
      const { child, line } = await firstWord(task.url[form]);
      const exited = once(child, 'exit');
      for (const word of ['two', 'three']) {
        model.say(word);
        assert.equal(await line(), word);
      }
      model.say();
      assert.equal(await line(), 'end');
      assert.deepEqual(await exited, [0, null]);
      assert.equal(model.latest().authorization, undefined);
    });

    test(`a server with an API key of its own gets that: ${form} form`, async () => {
      const { child, line } = await firstWord(task.url[form], { OPENAI_API_KEY: 'sk-of-vllm' });
      const exited = once(child, 'exit');
      model.say();
      assert.equal(await line(), 'end');
      assert.deepEqual(await exited, [0, null]);
      const { authorization, 'x-clearml-token': token } = model.latest();
      assert.deepEqual([authorization, token], ['Bearer sk-of-vllm', undefined]);
    });

    test(`a client that leaves ends the answer: ${form} form`, async () => {
      const { child } = await firstWord(task.url[form]);
      const left = model.left();
      child.kill('SIGKILL');
      await left;
    });
  }
});
