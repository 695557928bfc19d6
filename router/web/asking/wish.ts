import * as z from 'zod';
import { isClearmlId } from '../../grammar/endpoint_id.ts';
import { TYPED_KEYS } from '../acts/user.ts';

/** As the Python package has it: names that no server escapes, and that stand in URLs as they are. */
const NAME = /^(?=.{1,64}$)[A-Za-z0-9](?:_?[A-Za-z0-9-])*$/;

/** What somebody asks for in place of their task's code, as JSON. */
export const ASK_WISH = z
  .strictObject({
    task: z
      .string()
      .refine(isClearmlId)
      .meta({ description: 'Id of a running task of the user’s own.', pattern: '^[0-9a-f]{32}$' }),
    port: z.int().min(1).max(65_535).meta({ description: 'Where the task listens in its pod.' }),
    protocol: z.enum(['http', 'tcp']),
    name: z.string().regex(NAME).optional().meta({
      description: 'Tells several endpoints of a task apart; left out, it is the unnamed one.',
    }),
    keep_prefix: z.boolean().optional().meta({
      description:
        'Of an HTTP endpoint: the path of its URL is not cut from what the task sees, for apps that are told their base path.',
    }),
    scheme: z.enum(['http', 'https']).optional().meta({
      description:
        'Of an HTTP endpoint: what the app speaks with the router; left out, it is http.',
    }),
    ...TYPED_KEYS,
  })
  .meta({ id: 'EndpointWish' });

export type AskWish = z.infer<typeof ASK_WISH>;

/** The keys that an act may take, where nothing else is sent along. */
export const KEYS = z.object(TYPED_KEYS);

/** What was asked for. */
export const ASKED = z
  .strictObject({
    id: z.string().meta({ description: 'Of the endpoint.' }),
    task: z.string(),
    name: z.string().nullable(),
    protocol: z.enum(['http', 'tcp']),
    port: z.int(),
    url: z.string().nullable().meta({
      description:
        'Where an HTTP endpoint will be, if its name makes a URL; null for TCP, whose port the listing tells once it was handed out.',
    }),
  })
  .meta({ id: 'AskedEndpoint' });

export type Asked = z.infer<typeof ASKED>;
