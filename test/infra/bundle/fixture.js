import { collectDefaultMetrics } from 'prom-client';
import Pool from 'undici/lib/dispatcher/pool.js';
import { z } from 'zod';

// Every dependency that the bundle trims, used, so that what was left out would be missed.
collectDefaultMetrics();
const refusal = z.strictObject({ a: z.string() }).safeParse({ b: 1 });
const pool = new Pool('http://127.0.0.1:9');
process.stdout.write(`${refusal.success ? 'yes' : 'no'} ${typeof pool}\n`);
process.exit(0);
