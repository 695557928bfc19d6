import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { awaitEnd, identify, isRunning, signalProcess } from './process_identity.ts';

test(
  'a process is known by its number and its start',
  { skip: process.platform !== 'linux' },
  async () => {
    const child = spawn('sleep', ['60']);
    await once(child, 'spawn');
    const identity = await identify(child.pid ?? 0);
    assert.ok(identity);
    assert.equal(await isRunning(identity), true);

    // Its number, as if it belonged to another process by now.
    const other = { ...identity, startTime: '1' };
    assert.equal(await isRunning(other), false);
    assert.equal(await signalProcess(other, 'SIGKILL'), false);
    assert.equal(await isRunning(identity), true);

    assert.equal(await signalProcess(identity, 'SIGKILL'), true);
    assert.equal(await awaitEnd(identity, 5_000), true);
  },
);
