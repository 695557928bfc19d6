import * as z from 'zod';
import { RouterError } from '../errors.ts';
import { readApiAnswer } from './api_answer.ts';
import type { OwnLogin } from './clearml.ts';
import type { Transport } from './transport.ts';

const loginData = z.object({ token: z.string().min(1) });

/** A character that Latin-1 does not have. */
const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/**
 * HTTP Basic (RFC 7617) as ClearML's server reads it: it decodes Latin-1 whatever was meant, so that is what it gets where every
 * character fits. All others go as UTF-8, which a server in front may read.
 */
function basicAuthorization(accessKey: string, secretKey: string): string {
  const pair = `${accessKey}:${secretKey}`;
  const encoding = BEYOND_LATIN_1.test(pair) ? 'utf8' : 'latin1';
  return `Basic ${Buffer.from(pair, encoding).toString('base64')}`;
}

/** What came of one `auth.login`. */
export interface Login extends OwnLogin {
  /** Milliseconds since the epoch; undefined where the token never ends. */
  readonly expiresAt: number | undefined;
}

export async function logIn(
  transport: Transport,
  accessKey: string,
  secretKey: string,
): Promise<Login> {
  const answer = await transport.post('auth.login', basicAuthorization(accessKey, secretKey), '{}');
  const { token } = readApiAnswer('auth.login', answer, loginData);
  return {
    token,
    cookieName: authCookieName(answer.setCookie, token),
    expiresAt: readExpiry(token),
  };
}

/**
 * The server's auth cookie is the one whose value is the token: its name differs between servers (`clearml_token_basic`,
 * `allegro_token_…`), and other cookies may come along (a load balancer's stickiness).
 */
function authCookieName(setCookie: readonly string[], token: string): string | undefined {
  for (const line of setCookie) {
    const [pair = ''] = line.split(';');
    const equals = pair.indexOf('=');
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (equals !== -1 && value === token) return pair.slice(0, equals).trim();
  }
  return undefined;
}

/** `exp` of a JWT that came from the server itself over the verified connection; its signature is checked elsewhere. */
function readExpiry(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'),
    );
    const { exp } = z.object({ exp: z.number().optional() }).parse(payload);
    return exp === undefined ? undefined : exp * 1000;
  } catch {
    throw new RouterError(
      'CLEARML_ANSWER_INVALID',
      'ClearML answered auth.login with a token that is no JWT; check that CLEARML_API_HOST names the API server',
    );
  }
}
