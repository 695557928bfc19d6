import { parseArgs } from 'node:util';
import { z } from 'zod';
import { credentials, ids, type SeedUserName } from './seed.ts';
import { startClearMl } from './server.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '8008' },
    edition: { type: 'string', default: 'enterprise' },
  },
});
const options = z
  .object({
    host: z.string(),
    port: z.coerce.number().int().min(0).max(65_535),
    edition: z.enum(['enterprise', 'open-source']),
  })
  .safeParse(values);

if (options.success) {
  const clearml = await startClearMl(options.data);
  console.log(
    `A stand-in for the ClearML API server (${clearml.edition}) listens on ${clearml.url}`,
  );
  console.log('It is no ClearML: it keeps nothing, and its users and keys are known to everyone.');
  const users = (Object.keys(credentials) as SeedUserName[]).filter(
    (user) => clearml.state.account(ids[user]) !== undefined,
  );
  console.log(`Users: ${users.join(', ')}; their keys: test/lab/clearml/seed.ts`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void clearml.stop());
  }
} else {
  console.error(z.prettifyError(options.error));
  process.exitCode = 2;
}
