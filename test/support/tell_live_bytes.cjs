// Loaded before a router's program (--require): on SIGWINCH, which the router has no use for, the process collects its garbage and
// writes what is left as a line of its log. Resident bytes cannot tell a leak from garbage that nobody needed to collect yet.
require('node:v8').setFlagsFromString('--expose-gc');
const collect = require('node:vm').runInNewContext('gc');

let count = 0;
process.on('SIGWINCH', () => {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  count += 1;
  process.stdout.write(
    `${JSON.stringify({ event: 'live_bytes', count, bytes: heapUsed + external })}\n`,
  );
});
