import { collectDefaultMetrics } from 'prom-client';
import { z } from 'zod';

// Every dependency that the bundle trims, used, so that what was left out would be missed.
collectDefaultMetrics();
const refusal = z.strictObject({ a: z.string() }).safeParse({ b: 1 });
process.stdout.write(`${refusal.success ? 'yes' : 'no'}\n`);
process.exit(0);
