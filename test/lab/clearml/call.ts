import { apiError } from './api_error.ts';
import type { Clock } from './clock.ts';
import type { Document, Json } from './document.ts';
import type { ResolvedOptions } from './options.ts';
import type { Role } from './records.ts';
import type { State } from './state.ts';
import type { TokenClaims, TokenIdentity, Tokens } from './authentication/tokens.ts';

/** What every service works with. */
export interface Server {
  readonly options: ResolvedOptions;
  readonly state: State;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

/** Who calls: by token or by access key. */
export interface Caller {
  readonly identity: TokenIdentity;
  /** Undefined with access key and secret. */
  readonly token: TokenClaims | undefined;
}

export interface Call {
  /** `tasks.get_all_ex` */
  readonly name: string;
  /** The version that was asked for. */
  readonly version: string;
  readonly data: Document;
  /** The lines of a JSON-lines body. */
  readonly batch: readonly Document[] | undefined;
  /** Throws 401 where nobody is authenticated (only possible with `authorize: 'optional'`). */
  readonly caller: Caller;
  readonly authenticated: boolean;
  /** Sets the auth cookie, null removes it. */
  setCookie(value: string | null): void;
}

export interface Endpoint {
  readonly handle: (call: Call, server: Server) => Json | undefined | Promise<Json | undefined>;
  /** Version of the call in the path from which on it exists. Default 1.0. */
  readonly minVersion?: string;
  /** API version of the server from which on it exists. */
  readonly since?: string;
  /** Enterprise servers only. */
  readonly enterprise?: true;
  /** `optional`: works for nobody, too. Default `required`. */
  readonly authorize?: 'required' | 'optional';
  readonly roles?: readonly Role[];
}

export type Service = Readonly<Record<string, Endpoint>>;

/** A needed text field. */
export function text(data: Document, field: string): string {
  const value = data[field];
  if (value === undefined || value === null) {
    throw apiError('validation_error', `field '${field}' is required!`);
  }
  if (typeof value !== 'string') {
    throw apiError('validation_error', `value of wrong type for field '${field}', expected str`);
  }
  return value;
}

/** A text field that may be missing. */
export function optionalText(data: Document, field: string): string | undefined {
  return data[field] === undefined || data[field] === null ? undefined : text(data, field);
}

/** Compares `2.9` and `2.34` by their parts. */
export function compareVersions(left: string, right: string): number {
  const a = left.split('.').map(Number);
  const b = right.split('.').map(Number);
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
