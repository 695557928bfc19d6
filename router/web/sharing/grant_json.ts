import * as z from 'zod';
import { ENDPOINT_LEVELS } from '../../grammar/access_level.ts';
import { usesLeft } from '../../auth/sharing/links.ts';
import type { Grant, Link } from '../../auth/sharing/store.ts';
import type { EndpointAccess } from './acts.ts';

const person = z.strictObject({ id: z.string(), name: z.string() }).meta({ id: 'Person' });

export const PEOPLE = z
  .strictObject({ people: z.array(person).meta({ description: 'By name, 20 at the most.' }) })
  .meta({ id: 'People' });

const grant = z
  .strictObject({
    id: z.string(),
    owner: person,
    endpoint: z.string().optional().meta({ description: 'Id of the endpoint that it opens; or' }),
    project: z
      .string()
      .optional()
      .meta({ description: 'name of the project of the owner’s own tasks.' }),
    people: z.array(person).optional(),
    everybody: z
      .literal(true)
      .optional()
      .meta({ description: 'Whoever may see the task in ClearML.' }),
    link: z
      .strictObject({
        uses: z.int(),
        uses_left: z.int(),
        expires: z.iso.datetime(),
        guests: z.boolean(),
        redeemed: z.array(
          z.strictObject({ id: z.string(), name: z.string(), at: z.iso.datetime() }),
        ),
        guests_let_in: z
          .array(z.strictObject({ name: z.string(), at: z.iso.datetime() }))
          .optional()
          .meta({ description: 'By the names that they typed; of a link that lets in guests.' }),
      })
      .optional(),
    created: z.iso.datetime(),
  })
  .meta({ id: 'Grant' });

export const GIVEN = grant
  .extend({
    url: z.string().optional().meta({ description: 'Of a link: the only time that it is told.' }),
  })
  .meta({ id: 'GivenGrant' });

export const GRANT_LIST = z.strictObject({ grants: z.array(grant) }).meta({ id: 'Grants' });

const level = z.enum(ENDPOINT_LEVELS);

export const ACCESS = z
  .strictObject({
    endpoint: z.string(),
    level: level.meta({ description: 'Who may use it, beside those whom the owner named.' }),
    ceiling: level.meta({ description: 'The most that the owner can give.' }),
    grants: z.array(grant),
  })
  .meta({ id: 'EndpointAccess' });

/** The API's own words for a grant; the secret of a link is never among them. */
export function grantJson({
  id,
  ownerId,
  ownerName,
  subject,
  gives,
  createdAt,
}: Grant): z.infer<typeof grant> {
  return {
    id,
    owner: { id: ownerId, name: ownerName },
    ...subject,
    ...('link' in gives ? { link: linkJson(gives.link) } : gives),
    created: new Date(createdAt).toISOString(),
  };
}

/** The moment in the API's own form. */
function at<T extends { readonly at: number }>(one: T): Omit<T, 'at'> & { readonly at: string } {
  return { ...one, at: new Date(one.at).toISOString() };
}

function linkJson(link: Link) {
  const { uses, expiresAt, guests, redeemed, admitted = [] } = link;
  return {
    uses,
    uses_left: usesLeft(link),
    expires: new Date(expiresAt).toISOString(),
    guests,
    redeemed: redeemed.map(at),
    ...(guests ? { guests_let_in: admitted.map(at) } : {}),
  };
}

export function accessJson({
  endpoint,
  level: now,
  ceiling,
  grants,
}: EndpointAccess): z.infer<typeof ACCESS> {
  return { endpoint: endpoint.id, level: now, ceiling, grants: grants.map(grantJson) };
}
