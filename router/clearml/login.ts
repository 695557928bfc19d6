import * as z from 'zod';
import { RouterError } from '../errors.ts';
import { readAnswer } from './answer.ts';
import type { OwnLogin } from './clearml.ts';
import type { Transport } from './transport.ts';

const loginData = z.object({ token: z.string().min(1) });

/** Token and auth cookie of one `auth.login`. */
export async function logIn(
  transport: Transport,
  accessKey: string,
  secretKey: string,
): Promise<OwnLogin> {
  const basic = Buffer.from(`${accessKey}:${secretKey}`, 'utf8').toString('base64');
  const answer = await transport.post('auth.login', `Basic ${basic}`, '{}');
  const { token } = readAnswer('auth.login', answer, loginData);
  return { token, ...readAuthCookie(answer.setCookie, token), expiresAt: readExpiry(token) };
}

/**
 * The server's auth cookie is the one whose value is the token: its name differs between servers (`clearml_token_basic`,
 * `allegro_token_…`), and other cookies may come along (a load balancer's stickiness).
 */
export function readAuthCookie(
  setCookie: readonly string[],
  token: string,
): Pick<OwnLogin, 'cookieName' | 'cookieDomain'> {
  for (const line of setCookie) {
    const [pair = '', ...attributes] = line.split(';');
    const equals = pair.indexOf('=');
    if (equals === -1) continue;
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    if (value !== token) continue;
    const domain = attributes
      .map((attribute) => attribute.trim().split('='))
      .find(([name]) => name?.toLowerCase() === 'domain')?.[1];
    return {
      cookieName: pair.slice(0, equals).trim(),
      cookieDomain: domain?.replace(/^\./, '').toLowerCase() || undefined,
    };
  }
  return { cookieName: undefined, cookieDomain: undefined };
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
