/**
 * Runs `pulumi up` of one stack in a process of its own: node up_process.ts FOLDER STACK. An inline program that throws leaves
 * a rejected promise in its process; Pulumi handles it, but a test runner takes it for a failure of its own.
 */
import { LabError } from '../../lab/errors.ts';
import { openStack } from '../../lab/run/stack.ts';
import { stackUp } from '../../lab/run/stack_up.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';

const [, , path, name] = process.argv;
if (path === undefined || name === undefined) throw new Error('usage: up_process.ts FOLDER STACK');
const folder = new WorkFolder(path);
const tools = (await folder.readRecord())?.tools;
if (tools === undefined) throw new Error(`no run is recorded in ${path}`);
const stack = await openStack(folder, tools, name);
try {
  await stackUp(stack, new AbortController().signal, () => undefined);
  console.log('up');
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
