import * as z from 'zod';

/** A use is known to within minutes, and who looks at a page needs time to see what is coming. */
const LEAST_SECONDS = 600;
const MOST_SECONDS = 90 * 86_400;

const SECONDS = `expected a whole number of seconds from ${LEAST_SECONDS} to ${MOST_SECONDS}`;
const WARNING = 'expected a whole number of seconds from 60 to 86400';

const seconds = z.int({ error: SECONDS }).min(LEAST_SECONDS, SECONDS).max(MOST_SECONDS, SECONDS);
const names = z
  .array(
    z.string({ error: 'expected a name' }).regex(/^[^\u0000-\u001f]{1,256}$/, 'expected a name'),
    { error: 'expected a list of names' },
  )
  .min(1, 'expected at least one name');

/** Which tasks are stopped when nobody uses them, as an operator writes it. Nothing is stopped that it does not list. */
export const IDLE_POLICY = z
  .strictObject(
    {
      after: seconds.describe('Seconds without a use, and without work, until a task is stopped'),
      queues: names.optional().describe('Only tasks of these queues, by id or name'),
      projects: names.optional().describe('Only tasks of these projects, and of those below them'),
      types: names.optional().describe('Only tasks of these types, as ClearML calls them'),
      warning: z
        .int({ error: WARNING })
        .min(60, WARNING)
        .max(86_400, WARNING)
        .default(900)
        .describe('Seconds before it is stopped from which on log and metrics say so'),
      longest: seconds
        .optional()
        .describe(
          'Up to how many seconds a task may ask for by router_idle_stop in its runtime; left out, it may only ask for less than `after`',
        ),
      dryRun: z
        .boolean({ error: 'expected true or false' })
        .default(false)
        .describe('Say what would be stopped, and stop nothing'),
    },
    { error: 'expected which tasks are stopped, and after how long' },
  )
  .refine(({ queues, projects, types }) => (queues ?? projects ?? types) !== undefined, {
    error: 'expected queues, or projects or types beside: nothing is stopped that is not listed',
    path: ['queues'],
  })
  // What is wrong by itself is said by itself.
  .refine(({ after, warning }) => after < LEAST_SECONDS || warning < after, {
    error: 'expected less than after',
    path: ['warning'],
  })
  .refine(({ after, longest = after }) => longest < LEAST_SECONDS || longest >= after, {
    error: 'expected no less than after',
    path: ['longest'],
  });

export type IdlePolicy = z.output<typeof IDLE_POLICY>;

/** The least that a task may ask for. */
export const LEAST_IDLE_SECONDS = LEAST_SECONDS;
