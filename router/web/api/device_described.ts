import * as z from 'zod';
import { CODE_PATH, TOKEN_PATH } from '../device/code_requests.ts';
import { content, operation, PROBLEMS } from './described_operation.ts';

const router = z.string().meta({ description: 'Version of the router.' });

export const DEVICE_CODE = z
  .strictObject({
    device_code: z.string().meta({ description: 'For the computer alone.' }),
    user_code: z.string().meta({ description: 'For its user, such as BCDF-GHJK.' }),
    verification_uri: z.string(),
    verification_uri_complete: z.string(),
    expires_in: z.int().meta({ description: 'Seconds.' }),
    interval: z.int().meta({ description: 'Seconds to wait before the computer asks again.' }),
    router,
  })
  .meta({ id: 'DeviceCode' });

export const DEVICE_ACCESS = z
  .strictObject({
    access_token: z.string().meta({ description: 'The only time that it is told.' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds; as long as the user’s ClearML session.' }),
    user: z.strictObject({ id: z.string(), name: z.string() }),
    router,
  })
  .meta({ id: 'DeviceAccess' });

export const OAUTH_ERROR = z
  .strictObject({
    error: z.enum([
      'invalid_request',
      'authorization_pending',
      'slow_down',
      'access_denied',
      'expired_token',
    ]),
    error_description: z.string(),
    router,
  })
  .meta({ id: 'OAuthError' });

interface FlowStep {
  readonly summary: string;
  readonly fields: readonly string[];
  readonly good: { readonly says: string; readonly schema: string };
  readonly problems: readonly (404 | 429 | 503)[];
}

/** A step of RFC 8628, for whoever has no token yet. */
function flowStep({ summary, fields, good, problems }: FlowStep): unknown {
  const properties = Object.fromEntries(fields.map((name) => [name, { type: 'string' }]));
  const schema = { type: 'object', properties };
  const refused = problems.map((status) => [
    status,
    { description: PROBLEMS[status], content: content('Problem') },
  ]);
  return {
    summary,
    security: [],
    requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema } } },
    responses: {
      200: { description: good.says, content: content(good.schema) },
      400: { description: 'As RFC 8628 has it.', content: content('OAuthError') },
      ...(Object.fromEntries(refused) as object),
    },
  };
}

/** The operations of computers that sign in as the OpenAPI document has them. */
export const DEVICE_PATHS = {
  [CODE_PATH]: {
    post: flowStep({
      summary: 'Begins the sign-in of a computer (RFC 8628, section 3.1).',
      fields: ['client_id', 'label'],
      good: { says: 'The codes.', schema: 'DeviceCode' },
      problems: [404, 429],
    }),
  },
  [TOKEN_PATH]: {
    post: flowStep({
      summary: 'Asks how the sign-in of a computer stands (RFC 8628, section 3.4).',
      fields: ['client_id', 'grant_type', 'device_code'],
      good: { says: 'Its user has agreed.', schema: 'DeviceAccess' },
      problems: [404, 503],
    }),
  },
  '/api/v1/session': {
    get: operation({
      summary: 'Who asks, and until when they may.',
      good: { status: 200, says: 'That user.', schema: 'Session' },
      problems: [401, 503],
    }),
    delete: operation({
      summary: 'Revokes the device token that it is sent with.',
      good: { status: 204, says: 'It opens nothing any more.' },
      problems: [401, 403, 404],
    }),
  },
  '/api/v1/device-tokens': {
    get: operation({
      summary: 'The computers that act in the user’s name, without their tokens.',
      query: { all: 'To `1`: those of everybody whom the user administers.' },
      good: { status: 200, says: 'Oldest first.', schema: 'DeviceTokens' },
      problems: [401, 404, 503],
    }),
  },
  '/api/v1/device-tokens/{id}': {
    delete: operation({
      summary:
        'Revokes a device token of the user’s own; administrators revoke those of others, too.',
      id: 'Of a device token.',
      good: {
        status: 204,
        says: 'It opens nothing any more; what is open by it ends within seconds.',
      },
      problems: [401, 403, 404, 503],
    }),
  },
  '/api/v1/endpoints/{id}/ssh': {
    get: operation({
      summary:
        'How its owner signs in at the ssh server that clearml-session runs in a task; told to a device token alone, and to nobody else.',
      id: 'Of an endpoint.',
      good: { status: 200, says: 'What the task says of it.', schema: 'SshLogin' },
      problems: [401, 404, 429, 503],
    }),
  },
};
