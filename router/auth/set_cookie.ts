/** Where a cookie of the router's own goes: this host alone, out of the reach of scripts, along with links from elsewhere. */
export interface CookieFrame {
  readonly name: string;
  readonly secure: boolean;
}

/** A Set-Cookie value; `seconds` of 0 removes the cookie. */
export function setCookie({ name, secure }: CookieFrame, value: string, seconds: number): string {
  const attributes = `Path=/; Max-Age=${Math.max(0, Math.floor(seconds))}; HttpOnly; SameSite=Lax`;
  return `${name}=${value}; ${attributes}${secure ? '; Secure' : ''}`;
}
