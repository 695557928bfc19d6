import type { IncomingMessage } from 'node:http';
import { afterOthers } from '../sockets/turns.ts';

/** Pieces of a body after which others have their turn: a read brings one, unless the client cuts its body into small chunks. */
const MOST_PIECES = 64;
/** No less than Node reads at once. */
const LONGEST_READ_BYTES = 64 * 1024;

/**
 * Has a request whose body is chunked take no more of the event loop than others, however its client cuts it: Node's parser gives
 * out each chunk by itself, and thousands of them come in one read. After some the client is not read for a turn, and what this
 * read still brings is gathered into one piece (A59). To be called before the first piece, where the head has been read: other
 * bodies come as one piece a read, and their requests pay nothing for this.
 */
export function takeTurns(request: IncomingMessage): void {
  const push = request.push.bind(request);
  const read = request._read.bind(request);
  let pieces = 0;
  let waits = false;
  let gathered: Buffer | undefined;
  let length = 0;

  const flush = (): void => {
    const piece = gathered?.subarray(0, length);
    gathered = undefined;
    length = 0;
    if (piece !== undefined) push(piece);
  };
  const gather = (piece: Uint8Array): void => {
    if (length + piece.length > LONGEST_READ_BYTES) flush();
    gathered ??= Buffer.allocUnsafeSlow(LONGEST_READ_BYTES);
    gathered.set(piece, length);
    length += piece.length;
  };
  const wait = (): void => {
    pieces = 0;
    waits = true;
    request.socket.pause();
    afterOthers(() => {
      waits = false;
      flush();
      read(0);
    });
  };

  request.push = (piece: Uint8Array | null, encoding?: BufferEncoding): boolean => {
    if (piece === null) flush();
    else if (waits) {
      gather(piece);
      return true;
    } else if (++pieces > MOST_PIECES) wait();
    return push(piece, encoding);
  };
  request._read = (size) => {
    // It would have the client read again.
    if (!waits) read(size);
  };
}
