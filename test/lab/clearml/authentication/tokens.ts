import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { apiError } from '../api_error.ts';
import type { Clock } from '../clock.ts';
import type { Role } from '../records.ts';

export interface TokenIdentity {
  readonly user: string;
  readonly company: string;
  readonly role: Role;
  readonly user_name?: string | undefined;
  readonly company_name?: string | undefined;
}

/** What the server reads of a token. */
export interface TokenClaims {
  readonly identity: TokenIdentity;
  readonly session_id?: string | undefined;
  readonly exp?: number | undefined;
}

const claimsSchema = z.object({
  identity: z.object({
    user: z.string(),
    company: z.string(),
    role: z.enum(['system', 'root', 'admin', 'superuser', 'user', 'annotator', 'guest']),
    user_name: z.string().optional(),
    company_name: z.string().optional(),
  }),
  session_id: z.string().optional(),
  exp: z.number().optional(),
});

/** Signs and reads the server's tokens with one secret, which can be exchanged. */
export class Tokens {
  #secret: string;
  readonly #clock: Clock;
  readonly #extra: Readonly<Record<string, string>>;

  /** `extra` are the claims that tell a client of the server: api_version, server_version, feature_set. */
  constructor(secret: string, clock: Clock, extra: Readonly<Record<string, string>>) {
    this.#secret = secret;
    this.#clock = clock;
    this.#extra = extra;
  }

  /** `secure.auth.token_secret` as it stands now. */
  get secret(): string {
    return this.#secret;
  }

  /** From now on tokens of the former secret are refused. */
  rotate(secret: string): void {
    this.#secret = secret;
  }

  /** A token of an identity; `seconds` undefined leaves `exp` out. Further claims replace the usual ones. */
  async sign(
    identity: TokenIdentity,
    seconds: number | undefined,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const now = Math.floor(this.#clock.now() / 1000);
    const usual = {
      auth_type: 'Bearer',
      ...(seconds === undefined ? {} : { exp: now + seconds }),
      iat: now,
      env: '<unknown>',
      identity,
      session_id: randomUUID().replaceAll('-', ''),
      ...this.#extra,
    };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ typ: 'JWT', alg: 'HS256' })
      .sign(Buffer.from(this.#secret, 'utf8'));
  }

  /** Reads a token as the server does: HS256, HS384 or HS512, `exp` where it is there. Throws 401/30. */
  async verify(token: string): Promise<TokenClaims> {
    try {
      const { payload } = await jwtVerify(token, Buffer.from(this.#secret, 'utf8'), {
        algorithms: ['HS256', 'HS384', 'HS512'],
        currentDate: new Date(this.#clock.now()),
      });
      const claims = claimsSchema.safeParse(payload);
      if (!claims.success) throw apiError('invalid_token', 'token missing identity');
      return claims.data;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw apiError('invalid_token', 'invalid jwt token', { reason: reasonOf(error) });
    }
  }
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'Signature has expired';
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return 'Signature verification failed';
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The specified alg value is not allowed';
  return 'Not enough segments';
}
