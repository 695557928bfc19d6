import * as z from 'zod';
import { CONNECTIVITY } from './connectivity_test.ts';
import { WISH } from '../endpoint_tokens/acts.ts';
import { LISTING } from '../overview/listing.ts';

const TOKEN = z
  .strictObject({
    id: z.string(),
    label: z.string(),
    user: z.string().meta({ description: 'Id of the user whose it is.' }),
    endpoint: z.string().optional().meta({ description: 'Id of the endpoint that it opens; or' }),
    route: z.string().optional().meta({ description: 'name of the static route.' }),
    created: z.iso.datetime(),
    expires: z.iso.datetime(),
  })
  .meta({ id: 'EndpointToken' });

const MADE = TOKEN.extend({
  token: z.string().meta({ description: 'The only time that it is told.' }),
}).meta({ id: 'MadeEndpointToken' });

const TOKENS = z.strictObject({ endpoint_tokens: z.array(TOKEN) }).meta({ id: 'EndpointTokens' });

const PROBLEM = z
  .strictObject({
    error: z.string().meta({ description: 'A word for programs.' }),
    title: z.string(),
    detail: z.string(),
    advice: z.string().optional(),
  })
  .meta({ id: 'Problem' });

/** The schemas by name, with references as OpenAPI has them. */
function schemas(): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  for (const [schema, io] of [
    [LISTING, 'output'],
    [CONNECTIVITY, 'output'],
    [TOKENS, 'output'],
    [MADE, 'output'],
    [PROBLEM, 'output'],
    [WISH, 'input'],
  ] as const) {
    const { $schema: _dialect, $defs = {}, $ref, ...own } = z.toJSONSchema(schema, { io });
    Object.assign(named, $defs, $ref === undefined ? { [String(schema.meta()?.id)]: own } : {});
  }
  const text = JSON.stringify(named).replaceAll('#/$defs/', '#/components/schemas/');
  return JSON.parse(text) as Record<string, unknown>;
}

function content(schema: string): unknown {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

const PROBLEMS = {
  400: 'The body is not what is described.',
  401: 'No ClearML token, or none that holds.',
  403: 'Sent by a page of another site; or the keys of the account are asked for, too.',
  404: 'Not there, or not for this user; the same answer for both.',
  409: 'There are too many; revoke some first.',
  429: 'Too many at a time; see Retry-After.',
  503: 'ClearML does not answer, or what is kept cannot be reached; see Retry-After.',
} as const;

interface Described {
  readonly summary: string;
  readonly good: {
    readonly status: 200 | 201 | 204;
    readonly says: string;
    readonly schema?: string;
  };
  readonly problems: readonly (keyof typeof PROBLEMS)[];
  readonly body?: string;
  readonly id?: string;
  readonly everybody?: string;
}

function operation({ summary, good, problems, body, id, everybody }: Described): unknown {
  const schema = { type: 'string' };
  const parameters = [
    ...(id === undefined
      ? []
      : [{ name: 'id', in: 'path', required: true, description: id, schema }]),
    ...(everybody === undefined
      ? []
      : [{ name: 'everybody', in: 'query', description: everybody, schema }]),
  ];
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      [good.status]: {
        description: good.says,
        ...(good.schema === undefined ? {} : { content: content(good.schema) }),
      },
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          { description: PROBLEMS[status], content: content('Problem') },
        ]),
      ),
    },
  };
}

/** The OpenAPI 3.1 document of /api/v1, made from the same descriptions as the answers. */
export function openApiDocument(routerUrl: string): unknown {
  return {
    openapi: '3.1.0',
    info: { title: 'task-traffic-router', version: '1' },
    servers: [{ url: routerUrl }],
    security: [{ bearer: [] }],
    paths: {
      '/api/v1/routes': {
        get: operation({
          summary: 'The endpoints and static routes that the user may see.',
          good: { status: 200, says: 'What the page of the router shows.', schema: 'Listing' },
          problems: [401, 503],
        }),
      },
      '/api/v1/endpoints/{id}/test': {
        post: operation({
          summary: 'Tries, from the router, whether the task answers at the address that it gave.',
          id: 'Of an endpoint.',
          good: { status: 200, says: 'What came of it.', schema: 'Connectivity' },
          problems: [401, 403, 404, 429, 503],
        }),
      },
      '/api/v1/endpoint-tokens': {
        get: operation({
          summary: 'The user’s own endpoint tokens, without their text.',
          everybody: 'To `true`: those of everybody whom the user administers.',
          good: { status: 200, says: 'Oldest first.', schema: 'EndpointTokens' },
          problems: [401, 404, 503],
        }),
        post: operation({
          summary: 'Makes an endpoint token.',
          body: 'EndpointTokenWish',
          good: { status: 201, says: 'Made.', schema: 'MadeEndpointToken' },
          problems: [400, 401, 403, 404, 409, 503],
        }),
      },
      '/api/v1/endpoint-tokens/{id}': {
        delete: operation({
          summary:
            'Revokes an endpoint token of the user’s own; administrators revoke those of others, too.',
          id: 'Of an endpoint token.',
          good: { status: 204, says: 'It opens nothing any more.' },
          problems: [401, 403, 404, 503],
        }),
      },
      '/api/v1/openapi.json': {
        get: {
          summary: 'This document.',
          responses: {
            200: {
              description: 'OpenAPI 3.1.',
              content: { 'application/json': { schema: { type: 'object' } } },
            },
            401: { description: PROBLEMS[401], content: content('Problem') },
          },
        },
      },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: schemas(),
    },
  };
}
