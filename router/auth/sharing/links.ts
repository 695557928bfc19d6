import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isLink, type Grant, type Link, type LinkRecord } from './store.ts';

/** What stands behind `/share/` in the URL of a link: the grant's id, and a secret of 256 bits. */
const LINK_TEXT = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

/** Compared with where there is no such link, so that this takes no other time. */
const NO_HASH = hashOf('');

/** Where pages of links are. */
export const SHARE_PATH = '/share/';

export function isLinkText(text: string): boolean {
  return LINK_TEXT.test(text);
}

/** A secret, which is told once, and what is kept of it. */
export function newSecret(): { readonly secret: string; readonly hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashOf(secret) };
}

export function linkText(id: string, secret: string): string {
  return `${id}.${secret}`;
}

/** As short as a path below SHARE_PATH is that can hold no secret. */
const SECRET_LENGTH = 43;
const ID_LENGTH = 36;

/** What may stand before a path of the router's own: slashes of a URL that was put together by hand, or the host that a client sends along. */
const BEFORE_PATH = /^(?:[a-z]+:\/\/[^/]*)?\/*$/i;

/** The path of a link as it may stand in a log: without what opens it, also where its id or what is before it is misspelt. */
export function withoutSecret(path: string): string {
  const at = path.indexOf(SHARE_PATH);
  if (at === -1 || path.length < at + SHARE_PATH.length + SECRET_LENGTH) return path;
  const before = path.slice(0, at);
  if (!BEFORE_PATH.test(before)) return path;
  const [id = ''] = path.slice(at + SHARE_PATH.length).split(/[.%]/, 1);
  return `${before}${SHARE_PATH}${id.slice(0, ID_LENGTH)}…`;
}

/** Finds links by their text. */
export class Links {
  readonly #grants: { readonly get: (id: string) => Grant | undefined };
  readonly #now: () => number;

  constructor(grants: { readonly get: (id: string) => Grant | undefined }, now: () => number) {
    this.#grants = grants;
    this.#now = now;
  }

  /**
   * The link that a text opens: undefined where it is wrong, was taken back, or has expired. Whether it has a use left for somebody
   * says `letsIn`, and, to the last, Grants.redeem.
   */
  open(text: string): LinkRecord | undefined {
    const [, id = '', secret = ''] = LINK_TEXT.exec(text) ?? [];
    const grant = this.#grants.get(id);
    const link = grant !== undefined && isLink(grant) ? grant : undefined;
    const right = matches(secret, link?.gives.link.hash ?? NO_HASH);
    if (!right || link === undefined || link.gives.link.expiresAt <= this.#now()) return undefined;
    return link;
  }
}

/** How many more a link lets in. */
export function usesLeft({ uses, redeemed, admitted = [] }: Link): number {
  return Math.max(0, uses - redeemed.length - admitted.length);
}

/** Whether a link has let this user in before, or has a use left. */
export function letsIn(link: Link, userId: string): boolean {
  return usesLeft(link) > 0 || link.redeemed.some(({ id }) => id === userId);
}

function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

function matches(secret: string, kept: string): boolean {
  const [one, other] = [hashOf(secret), kept].map((text) => Buffer.from(text, 'base64url'));
  return (
    one !== undefined &&
    other !== undefined &&
    one.length === other.length &&
    timingSafeEqual(one, other)
  );
}
