import type { Readable } from 'node:stream';

/**
 * Hands on what a worker writes, in whole lines. Workers have no pipe to the operator of their own: what several processes write
 * to one stays in whole lines only up to PIPE_BUF, and so small writes, each a detour through a thread, cost more than the log.
 */
export function relayOutput(output: Readable, pass: (lines: string) => void): void {
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) pass(rest + text.slice(0, end));
    rest = end > 0 ? text.slice(end) : rest + text;
  });
  // A worker that was killed in the middle of a line.
  output.once('end', () => {
    if (rest !== '') pass(`${rest}\n`);
  });
}
