import { html, type Html } from './html.ts';
import type { NamedUser } from './named.ts';
import { SCRIPT_ELEMENT, STYLE_ELEMENT } from './page_assets.ts';

/** What stands around the content of a page. */
export interface Frame {
  readonly title: string;
  /** Who is signed in; null with AUTH_ENABLED=false; undefined where the page does not say. */
  readonly user: NamedUser | null | undefined;
  /** Where the page leads back to; undefined for the first page. */
  readonly back: Html | undefined;
}

/** A page of the router's own. */
export function framed({ title, user, back }: Frame, content: Html, footer?: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      ${pageHead(title, STYLE_ELEMENT)}
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <div>
            ${back === undefined ? undefined : html`<nav aria-label="Back">${back}</nav>`}
            <h1>${title}</h1>
          </div>
          ${account(user)}
        </header>
        <main id="main">
          ${content}
          <p id="status" role="status" class="sr"></p>
        </main>
        ${footer === undefined ? undefined : html`<footer class="meta">${footer}</footer>`}
        ${SCRIPT_ELEMENT}
      </body>
    </html> `;
}

/** What every page begins with. */
export function pageHead(title: string, style: Html): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    ${style}
  </head>`;
}

/** The way back to the first page. */
export const TO_OVERVIEW = html`<a href="/">All endpoints</a>`;

function account(user: Frame['user']): Html | undefined {
  if (user === undefined) return undefined;
  if (user === null) return html`<p class="soft small">Sign-in is switched off.</p>`;
  return html`<form class="account" method="post" action="/auth/sign-out">
    <span class="small">
      Signed in as <strong><bdi>${user.name === '' ? user.id : user.name}</bdi></strong>
    </span>
    <button>Sign out</button>
  </form>`;
}
