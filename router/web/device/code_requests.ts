import {
  POLL_SECONDS,
  type DeviceSignIns,
  type Polled,
} from '../../auth/devices/device_sign_ins.ts';
import { CODE_LIFE_MS } from '../../auth/devices/device_code.ts';
import { DEVICE_PATH } from '../../auth/sessions/return_path.ts';
import { clientOf } from '../../grammar/client_of.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages, OwnRequest } from '../../pages/own_pages.ts';
import { VERSION } from '../../version.ts';
import { rateLimited, unavailable } from '../parts/refusals.ts';
import { methodNotAllowed, sendReply, type PageAnswer } from '../parts/reply.ts';
import { readBody } from '../parts/request_body.ts';
import { DEVICES_OFF } from './answers.ts';

export interface CodeRequestsParts {
  /** Undefined where computers do not sign in. */
  readonly devices: DeviceSignIns | undefined;
  /** Where the router's own pages are, as an origin. */
  readonly origin: string;
  /** Whether the addresses of clients are known: else all of them share one, which is no one's to be limited by. */
  readonly addressKnown: boolean;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

export const CODE_PATH = '/api/v1/device/code';
export const TOKEN_PATH = '/api/v1/device/token';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** The one kind of client that there is. */
const CLIENT_ID = 'task-router';
/** New codes of one address. */
const CODES = { atOnce: 30, perSecond: 1 / 10 };

const AWAY = unavailable('The router cannot sign in computers now', 'What it keeps is away.');

type OAuthError = 'invalid_request' | Exclude<Polled['outcome'], 'allowed' | 'unavailable'>;

const ERRORS: Readonly<Record<OAuthError, string>> = {
  invalid_request: `Expected a form with "client_id" ${CLIENT_ID}, "grant_type" ${GRANT_TYPE} and "device_code".`,
  authorization_pending: 'The user has not answered yet.',
  slow_down: `Ask every ${POLL_SECONDS} seconds at the most.`,
  access_denied: 'The user said no.',
  expired_token: 'The code has expired, was used already, or is none of this router.',
};

/** RFC 8628, section 3.5, and RFC 6749, section 5.2. */
function oauthError(error: OAuthError, description = ERRORS[error]): PageAnswer {
  const json = { error, error_description: description, router: VERSION };
  return { status: 400, body: { json } };
}

/**
 * What a computer asks that has no token yet: for a code, and how its sign-in stands (RFC 8628, sections 3.1 and 3.4). Nothing is asked
 * of cookies, and nothing is told to pages of other sites, which cannot read an answer that names no origin.
 */
export function createCodeRequests(parts: CodeRequestsParts): OwnPages {
  const { devices, addressKnown, now } = parts;
  const rate = addressKnown ? new RateLimit(CODES, now) : undefined;
  const answers: Readonly<
    Record<string, (devices: DeviceSignIns, request: OwnRequest) => Promise<PageAnswer | Answer>>
  > = {
    [CODE_PATH]: (signIns, request) => newCode(signIns, request, rate, parts.origin),
    [TOKEN_PATH]: poll,
  };
  return async (request, response) => {
    const { message, path } = request;
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined) return false;
    const reply =
      message.method === 'POST'
        ? devices === undefined
          ? DEVICES_OFF
          : await answer(devices, request)
        : methodNotAllowed('POST');
    sendReply(message, response, reply);
    return true;
  };
}

async function newCode(
  devices: DeviceSignIns,
  request: OwnRequest,
  rate: RateLimit | undefined,
  origin: string,
): Promise<PageAnswer | Answer> {
  const client = clientOf(request.clientAddress);
  if (rate?.take(client) === false) {
    return rateLimited(rate.wait(client), 'Too many sign-ins began at your address.');
  }
  const fields = await readForm(request);
  if (fields?.get('client_id') !== CLIENT_ID) {
    return oauthError('invalid_request', `Expected a form with "client_id" ${CLIENT_ID}.`);
  }
  const made = await devices.begin(fields.get('label') ?? '', request.clientAddress);
  if (made === undefined) return AWAY;
  const page = origin + DEVICE_PATH;
  const json = {
    device_code: made.text,
    user_code: made.code,
    verification_uri: page,
    verification_uri_complete: `${page}?code=${made.code}`,
    expires_in: CODE_LIFE_MS / 1000,
    interval: POLL_SECONDS,
    router: VERSION,
  };
  return { status: 200, body: { json } };
}

async function poll(devices: DeviceSignIns, request: OwnRequest): Promise<PageAnswer | Answer> {
  const fields = await readForm(request);
  const code = fields?.get('device_code') ?? '';
  const known = fields?.get('client_id') === CLIENT_ID && fields.get('grant_type') === GRANT_TYPE;
  if (!known || code === '') return oauthError('invalid_request');
  const polled = await devices.poll(code);
  if (polled.outcome === 'unavailable') return AWAY;
  if (polled.outcome !== 'allowed') return oauthError(polled.outcome);
  const json = {
    access_token: polled.token,
    token_type: 'Bearer',
    expires_in: Math.max(0, Math.floor((polled.expiresAt - Date.now()) / 1000)),
    user: polled.user,
    router: VERSION,
  };
  return { status: 200, body: { json } };
}

async function readForm({ message }: OwnRequest): Promise<URLSearchParams | undefined> {
  const body = await readBody(message);
  return body === undefined ? undefined : new URLSearchParams(body);
}
