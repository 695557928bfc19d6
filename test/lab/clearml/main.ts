import { parseArgs } from 'node:util';
import { credentials } from './seed.ts';
import { startClearMl } from './server.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8008' },
    edition: { type: 'string', default: 'enterprise' },
  },
});

const clearml = await startClearMl({
  host: values.host,
  port: Number(values.port),
  edition: values.edition === 'open-source' ? 'open-source' : 'enterprise',
});
console.log(`A stand-in for the ClearML API server (${clearml.edition}) listens on ${clearml.url}`);
console.log('It is no ClearML: it keeps nothing, and its users and keys are known to everyone.');
console.log(`Access keys: ${Object.keys(credentials).join(', ')} (test/lab/clearml/seed.ts)`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void clearml.stop());
}
