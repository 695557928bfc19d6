import { z } from 'zod';

import { wholeNumber } from '../../values/values.ts';

const atLeastOne = wholeNumber('a whole number from 1 on', 1).optional();

/** Times of a probe. What it asks stays the program's: an answer of another port would say nothing of the router. */
export const probe = z.strictObject(
  {
    initialDelaySeconds: wholeNumber('a whole number from 0 on', 0)
      .optional()
      .describe('Seconds before the first one'),
    periodSeconds: atLeastOne.describe('Seconds between two'),
    timeoutSeconds: atLeastOne.describe('Seconds that an answer may take'),
    failureThreshold: atLeastOne.describe('How many have to fail'),
  },
  { error: 'expected the times of a probe' },
);
