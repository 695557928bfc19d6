import { z } from 'zod';

import { ENDPOINT_LEVELS, narrower } from '../../../router/grammar/access_level.ts';

import { rules } from '../values/problem.ts';
import { flag, oneOf } from '../values/values.ts';

const level = oneOf(...ENDPOINT_LEVELS);

/** `router.access`: who may use endpoints, once ClearML shows them the task. */
export const endpointAccess = z
  .strictObject(
    {
      default: level
        .optional()
        .describe(
          'Who may use an endpoint that says nothing: `owner`, who started the task; `people`, the owner and those whom the ' +
            'owner names; `visible`, whoever may see the task in ClearML. Left out: `owner` where the server shows every ' +
            'task to everybody, as the open-source one does, else `visible`',
        ),
      widest: level.default('visible').describe('The widest level that an owner may give'),
      guests: flag
        .default(false)
        .describe('Links of owners may let in guests without an account, for 7 days at the most'),
    },
    { error: 'expected default, widest and guests' },
  )
  .check(
    rules(
      ({ default: given, widest }) => {
        if (given === undefined || narrower(given, widest) === given) return [];
        const message = `is wider than router.access.widest (${widest}), and the narrower of the two holds; make it ${widest}, or widen that`;
        return [{ path: ['default'], message }];
      },
      ({ guests, widest }) => {
        if (!guests || widest !== 'owner') return [];
        const message =
          'has no effect: nobody may give anything while router.access.widest is owner; make that people or visible';
        return [{ path: ['guests'], message }];
      },
    ),
  );
