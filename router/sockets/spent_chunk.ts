/** Smaller chunks are cheaper left to the garbage collector. */
const WORTH_IT_BYTES = 8 * 1024;

/**
 * Gives the memory of a chunk that a stream read, and that nobody needs any more, back at once. V8 counts such memory, which is
 * not on its heap, and answers a fast upload with one full collection after the other: they took more time than the upload.
 * Nobody else may hold the chunk. One that shares its memory with others is left alone.
 */
export function giveBack(chunk: Buffer): void {
  const { buffer } = chunk;
  if (chunk.length < WORTH_IT_BYTES || chunk.length !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
