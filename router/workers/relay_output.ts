import type { Readable } from 'node:stream';

/**
 * Hands on what a worker writes, in whole lines. Workers have no pipe to the operator of their own: what several processes write
 * to one stays in whole lines only up to PIPE_BUF, and so small writes, each a detour through a thread, cost more than the log.
 */
export function relayOutput(output: Readable, pass: (lines: string) => void): void {
  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    rest += text;
    const end = rest.lastIndexOf('\n') + 1;
    if (end === 0) return;
    pass(rest.slice(0, end));
    rest = rest.slice(end);
  });
  // A worker that was killed in the middle of a line.
  output.once('end', () => {
    if (rest !== '') pass(`${rest}\n`);
  });
}
