import { z } from 'zod';
import { oldTcpAsk, httpAsk } from '../clearml/asks.ts';
import { callApi, login } from '../clearml/client.ts';
import type { Document } from '../clearml/document.ts';
import { LabError } from '../errors.ts';
import type { ClearMlAccess } from './python_process.ts';
import type { RunningTask, SampleAsk } from './running_task.ts';

const createdSchema = z.object({ id: z.string() });

/**
 * Starts a ClearML task by API calls alone and asks for external access by writing the runtime properties itself. For
 * machines without Python, and for open-source servers, where the SDK refuses `request_external_endpoint`.
 */
export async function ask(task: ClearMlAccess & SampleAsk): Promise<RunningTask> {
  const { apiHost, name, protocol } = task;
  const authorization = `Bearer ${await login(apiHost, task)}`;
  async function call(action: string, data: Document): Promise<Document> {
    const answer = await callApi(apiHost, action, data, authorization);
    if (answer.status === 200) return answer.data;
    throw new LabError('COMMAND_FAILED', `${action} at ${apiHost} failed: ${answer.message}`);
  }
  const { id } = createdSchema.parse(await call('tasks.create', { name, type: 'application' }));
  const { address, port } = task;
  const runtime = (protocol === 'http' ? httpAsk : oldTcpAsk)({ address, port });
  await call('tasks.started', { task: id });
  await call('tasks.edit', { task: id, runtime, system_tags: ['external_service'], force: true });
  return {
    taskId: id,
    async stop() {
      await call('tasks.completed', { task: id });
    },
  };
}
