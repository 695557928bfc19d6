import { startPython, type ClearMlAccess } from './python_process.ts';
import type { RunningTask } from './running_task.ts';

export interface SessionOptions extends ClearMlAccess {
  /** Python with clearml-session, from `prepareSdk`. */
  readonly python: string;
  /** The task that an agent would have taken from the queue: in progress, with the session's parameters. */
  readonly taskId: string;
  /** Where the session's SSH server would listen. */
  readonly sshPort: number;
}

/** Hyperparameters with which `clearml-session --router-enabled true` creates its task. */
export const SESSION_PARAMETERS = {
  interactive_session: Object.fromEntries(
    Object.entries({ router_enabled: 'True', jupyterlab: 'True', ssh_server: 'True' }).map(
      ([name, value]) => [name, { section: 'interactive_session', name, value }],
    ),
  ),
};

/**
 * Runs the task side of the real clearml-session for a task until it has asked for its TCP port. Stopping it ends the
 * process alone, as when a pod dies: the task stays in progress, and the session may be started again.
 */
export async function startSession(options: SessionOptions): Promise<RunningTask> {
  const process = await startPython(options.python, 'session.py', options, {
    CLEARML_TASK_ID: options.taskId,
    LAB_SSH_PORT: String(options.sshPort),
  });
  try {
    await process.exchange();
    return { taskId: options.taskId, stop: () => process.stop() };
  } catch (error) {
    await process.stop();
    throw error;
  }
}
