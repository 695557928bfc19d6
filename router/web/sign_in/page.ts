import { accessKeyField, hiddenField, secretKeyField } from '../parts/fields.ts';
import { pageHead } from '../parts/frame.ts';
import { cardStyle } from '../../pages/style.ts';
import { html, type Html } from '../parts/html.ts';

/** What the sign-in page shows. */
export interface SignInPage {
  /** Where the form leads after sign-in, and the state of a handover; both were checked. */
  readonly next: string | undefined;
  readonly state: string | undefined;
  /** What went wrong before, in one sentence; undefined on a first visit. */
  readonly problem: string | undefined;
  /** Who is signed in already. */
  readonly signedInAs: string | undefined;
  /** CLEARML_WEB_URL */
  readonly clearmlWebUrl: string | undefined;
}

const STYLE = cardStyle(`main{max-width:26rem}
label{display:block;margin-top:.9rem;font-weight:600}
input{width:100%;margin-top:.2rem;padding:.55rem .65rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--edge);border-radius:.4rem}
button{margin-top:1.3rem;width:100%;padding:.6rem;font:inherit;font-weight:600;color:var(--on-accent);background:var(--accent);border:1px solid var(--accent);border-radius:.4rem;cursor:pointer}
button.plain{margin-top:.5rem;color:var(--accent);background:none}
[role=alert]{padding:.6rem .8rem;border-left:4px solid var(--alarm);background:var(--paper)}
details{margin-top:1.2rem}summary{cursor:pointer;color:var(--accent);width:fit-content}
code{padding:.1rem .35rem;background:var(--code);border-radius:.3rem;font:.85rem ui-monospace,monospace}
`);
const STYLE_ELEMENT: Html = { markup: STYLE.element };

/** Scripts and foreign content have no place on the page; forms may lead on to the hosts of endpoints, which browsers count as part of a form. */
export function signInPolicy(endpointHosts: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src ${STYLE.source}`,
    'img-src data:',
    `form-action ${["'self'", ...endpointHosts].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function whereKeysAre(clearmlWebUrl: string | undefined): Html {
  const settings =
    clearmlWebUrl === undefined
      ? html`your ClearML web app`
      : html`<a href="${clearmlWebUrl}/settings/workspace-configuration">your ClearML web app</a>`;
  return html`<details>
    <summary>What is an access key?</summary>
    <p>
      A pair of an access key and a secret key stands for your ClearML account, as in the file
      <code>clearml.conf</code>. Make one in ${settings}: open Settings, then Workspace, then App
      Credentials, and choose “Create new credentials”. On servers where users have a password, the
      user name and the password work as well.
    </p>
  </details>`;
}

function alreadySignedIn({ signedInAs, next, state }: SignInPage): Html | undefined {
  if (signedInAs === undefined) return undefined;
  const onward = next ?? '/';
  return html`<p>
      You are signed in as <strong>${signedInAs}</strong>.
      ${state === undefined ? html`<a href="${onward}">Go on</a>` : undefined}
    </p>
    <form method="post" action="/auth/sign-out">
      <button class="plain">Sign out</button>
    </form>`;
}

/** The router's own sign-in page: plain HTML that works without scripts. */
export function signInPage(view: SignInPage): Html {
  const { next, state, problem, clearmlWebUrl } = view;
  return html`<!doctype html>
    <html lang="en">
      ${pageHead('Sign in to your ClearML tasks', STYLE_ELEMENT)}
      <body>
        <main>
          <h1>Sign in</h1>
          <p>This page opens your ClearML tasks. Sign in with a ClearML access key.</p>
          ${problem === undefined ? undefined : html`<p role="alert">${problem}</p>`}
          ${alreadySignedIn(view)}
          <form method="post" action="/auth/sign-in">
            ${hiddenField('next', next)} ${hiddenField('state', state)} ${accessKeyField()}
            ${secretKeyField()}
            <button>Sign in</button>
          </form>
          ${whereKeysAre(clearmlWebUrl)}
          ${
            clearmlWebUrl === undefined
              ? undefined
              : html`<p><a href="${clearmlWebUrl}">Open ClearML</a></p>`
          }
        </main>
      </body>
    </html> `;
}
