import type { Socket } from 'node:net';
import type { Sink } from '../sockets/copy.ts';
import { whenWritten } from '../sockets/when_written.ts';
import { OPCODE, frameHead } from './frame_reader.ts';

/**
 * Where the bytes of a tunnel's client go: frames, whose payload `read` writes to the task. The client waits for what the task has
 * not taken.
 */
export function sinkToTask(client: Socket, task: Socket, read: (bytes: Buffer) => void): Sink {
  return {
    get destroyed() {
      return client.destroyed;
    },
    get writableLength() {
      return task.destroyed ? 0 : task.writableLength;
    },
    write: (chunk) => read(chunk as Buffer),
    whenWritten: (callback) => {
      if (task.writableEnded) task.once('finish', callback).once('close', callback);
      else whenWritten(task, callback);
    },
    // A WebSocket that ends without a close frame is a lost one.
    end: () => client.destroy(),
  };
}

/** Where the bytes of a tunnel's task go: each read is a binary message. `taskDone`: it has closed its half. */
export function sinkToClient(client: Socket, isClosing: () => boolean, taskDone: () => void): Sink {
  return {
    get destroyed() {
      return client.destroyed || isClosing();
    },
    get writableLength() {
      return client.writableLength;
    },
    write: (chunk) => {
      client.cork();
      client.write(frameHead(OPCODE.binary, chunk.length));
      client.write(chunk);
      client.uncork();
    },
    whenWritten: (callback) => whenWritten(client, callback),
    end: taskDone,
  };
}
