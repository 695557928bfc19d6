import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteMeter, frameMeter, SWEEP_EVERY_MS } from '../../../router/activity/meters.ts';
import { FrameFollower } from '../../../router/websocket/frames.ts';

/** What an ssh with ServerAliveInterval=15 and a MAC of its own moves: 84 bytes to the task, 52 back. */
const ALIVE = 136;

/** Bytes or frames by the look in which they came, and which looks found a use. */
function looks(
  steps: readonly number[],
  used: (now: number) => boolean,
  step: (by: number) => void,
) {
  return steps.map((by, index) => {
    step(by);
    return used(index * SWEEP_EVERY_MS);
  });
}

test('a keep-alive of ssh is no use at any interval, a line that is typed is one', () => {
  let bytes = 0;
  const meter = byteMeter(() => bytes);
  const steps = [0, ALIVE, 0, 0, ALIVE, ALIVE, ALIVE, 0, 420, 0, ALIVE];
  const found = looks(steps, meter.used, (by) => (bytes += by));
  assert.deepEqual(
    found.flatMap((used, index) => (used ? [index] : [])),
    [8],
  );
});

test('looks that came late count what may have moved meanwhile', () => {
  let bytes = 0;
  const meter = byteMeter(() => bytes);
  assert.ok(!meter.used(0));
  bytes += 12 * ALIVE;
  assert.ok(!meter.used(12 * SWEEP_EVERY_MS));
  bytes += 12 * ALIVE;
  assert.ok(meter.used(13 * SWEEP_EVERY_MS));
});

/** Looks at a WebSocket whose client sends one frame of so many bytes in each look; 0: none. */
function frameLooks(steps: readonly number[]): readonly number[] {
  const sent = { dataFrames: 0, dataBytes: 0 };
  const found = looks(steps, frameMeter(sent).used, (by) => {
    sent.dataFrames += by === 0 ? 0 : 1;
    sent.dataBytes += by;
  });
  return found.flatMap((used, index) => (used ? [index] : []));
}

test('little at a steady pace is an app’s own heartbeat, from its third time on', () => {
  // Every fifteen seconds, as documents that many edit at once; then every five, and a look late, as VS Code.
  assert.deepEqual(frameLooks([90, 0, 0, 90, 0, 0, 90, 0, 0, 90, 0, 0, 90]), [0, 3]);
  assert.deepEqual(frameLooks([13, 13, 13, 0, 13, 13, 13, 13]), [0, 1]);
});

test('what is done at no pace, and what is much, is a use', () => {
  assert.deepEqual(frameLooks([80, 0, 0, 0, 0, 80, 0, 80, 0, 0, 0, 0, 0, 80]), [0, 5, 7, 13]);
  assert.deepEqual(frameLooks([600, 600, 600, 600]), [0, 1, 2, 3]);
});

/** A frame of a client, masked. */
function frame(opcode: number, payload: number): Buffer {
  const mask = Buffer.alloc(4, 7);
  if (payload < 126) {
    return Buffer.concat([
      Buffer.from([0x80 | opcode, 0x80 | payload]),
      mask,
      Buffer.alloc(payload),
    ]);
  }
  const head = Buffer.from([0x80 | opcode, 0x80 | 126, payload >> 8, payload & 0xff]);
  return Buffer.concat([head, mask, Buffer.alloc(payload)]);
}

test('frames of data are counted, however they are cut, and pings, pongs and closes are not', () => {
  const stream = Buffer.concat([
    frame(1, 5),
    frame(9, 4),
    frame(10, 0),
    frame(2, 300),
    frame(0, 0),
    frame(8, 2),
  ]);
  for (const size of [1, 2, 3, 7, stream.length]) {
    const frames = new FrameFollower();
    for (let at = 0; at < stream.length; at += size) frames.follow(stream.subarray(at, at + size));
    assert.equal(frames.dataFrames, 3);
    assert.equal(frames.dataBytes, 305);
    assert.ok(frames.betweenFrames);
  }
});
