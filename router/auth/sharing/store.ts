import * as z from 'zod';
import { SECTION_BYTES } from '../../state/section_bytes.ts';
import type { SectionShape } from '../../state/shared_state.ts';

/** A user as the server names them: the id, and what they were called at that time. */
const PERSON = z.object({ id: z.string(), name: z.string() });

const LINK = z.object({
  /** SHA-256 of the secret in the URL, base64url; the secret itself is kept nowhere. */
  hash: z.string(),
  /** How many users and guests it lets in, all in all. */
  uses: z.number(),
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
  /** Whether it lets in guests without an account. */
  guests: z.boolean(),
  /** Whom it has let in, and when. */
  redeemed: z.array(PERSON.extend({ at: z.number() })),
  /** The same of guests, who have a name alone: none of them is one of the people of an endpoint. */
  admitted: z.array(z.object({ name: z.string(), at: z.number() })).optional(),
});

/** What one owner gave: to whom, and of what. */
export const GRANT = z.object({
  id: z.string(),
  companyId: z.string(),
  ownerId: z.string(),
  ownerName: z.string(),
  /** One endpoint, or all endpoints of the owner's own tasks in a project, by its name. */
  subject: z.union([z.object({ endpoint: z.string() }), z.object({ project: z.string() })]),
  /** Users by name, everybody who may see the task in ClearML, or whoever comes by a link. */
  gives: z.union([
    z.object({ people: z.array(PERSON) }),
    z.object({ everybody: z.literal(true) }),
    z.object({ link: LINK }),
  ]),
  /** Milliseconds since the epoch, as `seenAt` is: when its endpoint was last known to be routed, to within an hour. */
  createdAt: z.number(),
  seenAt: z.number(),
});

/** The same with the code that proves it to be a router's own writing: see record_seal.ts. */
export const SEALED_GRANT = GRANT.extend({ mac: z.string() });

export type Grant = Readonly<z.infer<typeof GRANT>>;
export type SealedGrant = Readonly<z.infer<typeof SEALED_GRANT>>;
export type Person = Readonly<z.infer<typeof PERSON>>;
export type Link = Readonly<z.infer<typeof LINK>>;
export type GrantSubject = Grant['subject'];
export type GrantGives = Grant['gives'];
/** A grant that is a link. */
export type LinkRecord = Grant & { readonly gives: { readonly link: Link } };

export function isLink(grant: Grant): grant is LinkRecord {
  return 'link' in grant.gives;
}

/** Records are read one by one, so that one which somebody has spoilt hides no other. */
export const GRANTS: SectionShape<readonly unknown[]> = {
  name: 'grants',
  schema: z.array(z.unknown()),
  empty: [],
  mostBytes: SECTION_BYTES.grants,
};
