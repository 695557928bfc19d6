import * as z from 'zod';

const text = z.string().min(1).max(1_024).optional().catch(undefined);

/** `only_fields` of what is asked for it, the runtime as a whole: a server may know no part of it. */
export const SSH_FIELDS: readonly string[] = ['id', 'status', 'runtime'];

/** One page of tasks, of which nothing is read but these two keys, which clearml-session 0.17 writes (`interactive_session_task.py`). */
export const sshPage = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      status: z.string(),
      runtime: z.object({ _ssh_user: text, _ssh_password: text }).nullish().catch(undefined),
    }),
  ),
});

/** How one signs in at the ssh server that clearml-session runs in a task. A secret. */
export interface SshKeys {
  readonly user?: string;
  readonly password?: string;
}

/** What one task of a page says; undefined where it says nothing, or does not run. */
export function sshKeysOf(
  { tasks }: z.output<typeof sshPage>,
  taskId: string,
): SshKeys | undefined {
  const task = tasks.find(({ id, status }) => id === taskId && status === 'in_progress');
  const { _ssh_user: user, _ssh_password: password } = task?.runtime ?? {};
  if (user === undefined && password === undefined) return undefined;
  return {
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
  };
}
