import type { ClearMlAccess } from './python_process.ts';
import type { RunningTask, SampleAsk } from './running_task.ts';
import { startSdkTask } from './sdk_task.ts';

export interface AskWithSdk extends ClearMlAccess, SampleAsk {
  /** Python with the SDK, from `prepareSdk`. */
  readonly python: string;
  /** Added to the environment of the task's process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a ClearML task through the real SDK and asks for external access, as the code of a task does. */
export async function askWithSdk(ask: AskWithSdk): Promise<RunningTask> {
  const task = await startSdkTask(ask);
  try {
    await task.request({ port: ask.port, protocol: ask.protocol });
    return { taskId: task.taskId, stop: () => task.stop() };
  } catch (error) {
    await task.stop();
    throw error;
  }
}
