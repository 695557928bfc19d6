import * as z from 'zod';
import { CONNECTIVITY } from './connectivity_test.ts';
import { content, operation, PROBLEMS } from './described_operation.ts';
import { DEVICE_ACCESS, DEVICE_CODE, DEVICE_PATHS, OAUTH_ERROR } from './device_described.ts';
import { DEVICE_TOKENS, SESSION, SSH_LOGIN } from './device_operations.ts';
import { SHARING_PATHS } from './sharing_described.ts';
import { ASK_WISH, ASKED } from '../asking/wish.ts';
import { WISH } from '../endpoint_tokens/acts.ts';
import { LISTING } from '../overview/listing.ts';
import { ACCESS, GIVEN, GRANT_LIST, PEOPLE } from '../sharing/grant_json.ts';
import { GRANT_WISH } from '../sharing/wish.ts';

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
    [ACCESS, 'output'],
    [GRANT_LIST, 'output'],
    [GIVEN, 'output'],
    [PEOPLE, 'output'],
    [GRANT_WISH, 'input'],
    [ASKED, 'output'],
    [DEVICE_CODE, 'output'],
    [DEVICE_ACCESS, 'output'],
    [OAUTH_ERROR, 'output'],
    [SESSION, 'output'],
    [DEVICE_TOKENS, 'output'],
    [SSH_LOGIN, 'output'],
    [ASK_WISH, 'input'],
  ] as const) {
    const { $schema: _dialect, $defs = {}, $ref, ...own } = z.toJSONSchema(schema, { io });
    Object.assign(named, $defs, $ref === undefined ? { [String(schema.meta()?.id)]: own } : {});
  }
  const text = JSON.stringify(named).replaceAll('#/$defs/', '#/components/schemas/');
  return JSON.parse(text) as Record<string, unknown>;
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
      '/api/v1/endpoints/{id}/keep': {
        post: operation({
          summary:
            'Keeps the task of an endpoint from being stopped as idle, as a use of it would; for those who are shown it.',
          id: 'Of an endpoint.',
          good: { status: 204, says: 'Its time begins anew, within seconds.' },
          problems: [401, 403, 404, 503],
        }),
      },
      '/api/v1/endpoints': {
        post: operation({
          summary:
            'Asks for an endpoint of a running task in place of its code, at the address of the task’s own pod; for its owner, and for administrators.',
          body: 'EndpointWish',
          good: {
            status: 201,
            says: 'The ask stands in the task. The router serves it after its next look at ClearML, within a few seconds; /api/v1/routes tells its state, and why where it is refused.',
            schema: 'AskedEndpoint',
          },
          problems: [400, 401, 403, 404, 409, 429, 503],
        }),
      },
      '/api/v1/endpoints/{id}': {
        delete: operation({
          summary:
            'Withdraws an endpoint of a running task, whoever asked for it, by HTTP and TCP; for its owner, and for administrators. Where the keys of the account are asked for, they are sent as JSON: access_key, secret_key.',
          id: 'Of an endpoint.',
          good: { status: 204, says: 'Nothing asks for it any more; it is closed within seconds.' },
          problems: [401, 403, 404, 429, 503],
        }),
      },
      '/api/v1/endpoint-tokens': {
        get: operation({
          summary: 'The user’s own endpoint tokens, without their text.',
          query: { everybody: 'To `true`: those of everybody whom the user administers.' },
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
      ...DEVICE_PATHS,
      ...SHARING_PATHS,
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
