import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { run } from '../../command.ts';
import { LabError } from '../../errors.ts';
import { searchPath } from '../../search_path.ts';
import { identify } from './process_identity.ts';
import type { ClusterState } from '../state.ts';

/**
 * The first process of the PID namespace. It goes on only when it is told to, so that a starter that dies before it has
 * recorded the process leaves nothing behind; then it reaps what daemons orphan. The name after it is for people who read ps.
 */
const INIT = `echo ready; read -r go || exit 1; exec </dev/null >/dev/null 2>&1; sleep infinity & wait`;

/**
 * Makes the network, mount and PID namespaces of a cluster. The one process that keeps them is recorded by `record` before
 * it lives on by itself.
 */
export async function startNamespaces(
  name: string,
  record: (state: ClusterState) => Promise<void>,
): Promise<ClusterState> {
  const child = spawn(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', INIT, name],
    {
      cwd: '/',
      detached: true,
      env: { ...process.env, PATH: searchPath() },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ready = once(child.stdout, 'data').then(() => true);
  const ended = once(child, 'exit').then(() => false);
  if (!(await Promise.race([ready, ended])) || child.pid === undefined) {
    throw new LabError(
      'CLUSTER_FAILED',
      `This machine lets nobody make namespaces: unshare says "${complaint.trim()}". In a container it needs to be privileged; or use npm start -- --context NAME.`,
    );
  }
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
  const launcher = await identify(child.pid);
  const init = await identify(Number(children.trim()));
  if (launcher === undefined || init === undefined) {
    throw new LabError('CLUSTER_FAILED', 'The first process of the namespaces ended at once.');
  }
  const state: ClusterState = { version: 1, name, launcher, init };
  await record(state);
  child.stdin.end('go\n');
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  return state;
}

/** The command line that runs a command inside the namespaces. */
export function insideNamespaces(
  initPid: number,
  command: readonly string[],
): readonly [string, ...string[]] {
  return ['nsenter', `--target=${initPid}`, '--net', '--mount', '--pid', '--', ...command];
}

/** Runs a command to its end inside the namespaces and returns its standard output. */
export function runInside(initPid: number, ...command: readonly string[]): Promise<string> {
  const [file, ...args] = insideNamespaces(initPid, command);
  return run(file, args);
}
