import { z } from 'zod';

import { filledText } from '../values/values.ts';

const transform = z.strictObject(
  {
    kind: filledText('a kind such as Deployment').describe('Kind of the objects'),
    name: z
      .string({ error: 'expected the name of an object' })
      .optional()
      .describe('One of them by its name in Pulumi; left out, all of the kind'),
    patch: z
      .record(z.string(), z.json(), { error: 'expected the keys to change' })
      .describe('JSON merge patch (RFC 7386): keys replace, null removes, lists replace whole'),
  },
  { error: 'expected kind and patch' },
);

/** `transforms`: the way to whatever no key leads to. */
export const transforms = z
  .array(transform, { error: 'expected a list of transforms' })
  .default([]);
