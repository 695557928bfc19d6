import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { relayOutput } from '../../../router/workers/relay_output.ts';

/** What comes out when these pieces go in. */
async function relayed(pieces: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const output = new PassThrough();
  const passed: string[] = [];
  relayOutput(output, (lines) => passed.push(lines));
  for (const piece of pieces) {
    output.write(piece);
    await new Promise(setImmediate);
  }
  output.end();
  await new Promise((resolve) => output.once('close', resolve));
  return passed;
}

test('passes on whole lines, however the pipe cuts them', async () => {
  assert.deepEqual(await relayed(['one\ntwo\nth', 'r', 'ee\n', 'four\n']), [
    'one\ntwo\n',
    'three\n',
    'four\n',
  ]);
});

test('a character that is cut in two stays one', async () => {
  const bytes = Buffer.from('é\n');
  assert.deepEqual(await relayed([bytes.subarray(0, 1), bytes.subarray(1)]), ['é\n']);
});

test('what a killed worker had begun to say becomes a line', async () => {
  assert.deepEqual(await relayed(['whole\nhal']), ['whole\n', 'hal\n']);
});
