import * as z from 'zod';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import { TYPED_KEYS } from '../acts/user.ts';
import { badRequest } from '../parts/refusals.ts';

const WEEK_SECONDS = 7 * 24 * 3600;
export const USUAL_SECONDS = WEEK_SECONDS;
export const LONGEST_SECONDS = 30 * 24 * 3600;
export const MOST_USES = 100;
const MOST_PEOPLE = 100;
/** Guests have no account that could be ended. */
export const LONGEST_GUEST_SECONDS = WEEK_SECONDS;

const link = z.strictObject({
  uses: z
    .int()
    .min(1)
    .max(MOST_USES)
    .default(1)
    .meta({ description: 'How many users it lets in.' }),
  expires_in: z
    .int()
    .min(60)
    .max(LONGEST_SECONDS)
    .default(USUAL_SECONDS)
    .meta({ description: 'Seconds; at the most 604800 where it lets in guests.' }),
  guests: z.boolean().default(false).meta({
    description:
      'Whether it lets in guests without an account, to its one endpoint, where the router allows it.',
  }),
});

/** What an owner wants to give: one of `endpoint` and `project`, and one of `people`, `everybody` and `link`. */
export const GRANT_WISH = z
  .strictObject({
    endpoint: z.string().regex(ENDPOINT_ID).optional(),
    project: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: 'All endpoints of the user’s own tasks in the project of this name.' }),
    people: z
      .array(z.string().trim().min(1).max(256))
      .min(1)
      .max(MOST_PEOPLE)
      .optional()
      .meta({ description: 'Ids or names of users of the same company.' }),
    everybody: z
      .literal(true)
      .optional()
      .meta({ description: 'Whoever may see the task in ClearML.' }),
    link: link.optional(),
    ...TYPED_KEYS,
  })
  .meta({ id: 'GrantWish' });

export type GrantWish = z.infer<typeof GRANT_WISH>;

export const BAD_GRANT_WISH = badRequest(
  'Expected JSON with either "endpoint" (an id) or "project" (a name), and with one of "people" (1 to 100 ids or names), "everybody": true and "link" ("uses" of 1 to 100, "expires_in" in seconds, 60 to 2592000, and "guests", if at all).',
);

/** Undefined where the text is no wish. */
export function readGrantWish(value: unknown): GrantWish | undefined {
  const { data } = GRANT_WISH.safeParse(value);
  if (data === undefined) return undefined;
  const { endpoint, project, people, everybody, link: wished } = data;
  const one = (...texts: readonly unknown[]) =>
    texts.filter((text) => text !== undefined).length === 1;
  return one(endpoint, project) && one(people, everybody, wished) ? data : undefined;
}
