import type { Device } from '../../auth/devices/store.ts';
import type { UserCode } from '../../auth/devices/user_code.ts';
import { hiddenField, keyFields } from '../parts/fields.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import type { NamedUser } from '../parts/named.ts';
import { when } from '../parts/times.ts';

/** Where the two buttons send to. */
export const ANSWER_PATH = '/device/answer';

/** A page about a computer that wants to sign in. */
export interface DeviceView {
  readonly user: NamedUser;
  readonly problem: string | undefined;
}

/** Where the code is typed, or, where a link brought it, compared. */
export function typeCodePage({ user, problem }: DeviceView, typed: string): Html {
  const content = html`${notice(problem)}
    <section class="panel">
      <p>
        A computer on which you began to sign in shows a code. Type it here, or see that it is the
        same.
      </p>
      <form class="form" method="post" action="/device">
        <div>
          <label for="code">Code</label>
          <input
            id="code"
            name="code"
            required
            maxlength="32"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            value="${typed}"
            placeholder="BCDF-GHJK"
          />
        </div>
        <button class="main">Continue</button>
      </form>
      <p class="meta">
        Did somebody send you this code or a link with it? Then leave this page: whoever began there
        would act in your name.
      </p>
    </section>`;
  return framed({ title: 'Sign in a computer', user, back: TO_OVERVIEW }, content);
}

/** Until the computer has asked again, which it does every few seconds. */
export function waitPage({ user }: DeviceView, code: UserCode): Html {
  const content = html`<section class="panel">
    <p role="status">Waiting for the computer that shows <code>${code}</code>…</p>
    <p class="meta">This takes a few seconds; the page goes on by itself.</p>
  </section>`;
  return framed({ title: 'Sign in a computer', user, back: TO_OVERVIEW }, content);
}

export interface ConfirmView extends DeviceView {
  readonly code: UserCode;
  readonly device: Device;
  /** When the user's own session ends, and the computer's with it; milliseconds since the epoch. */
  readonly ends: number;
  readonly asksKeys: boolean;
  readonly now: number;
}

/** What is agreed to, and the two answers (RFC 8628, section 5.4: a link from somebody else must be known for what it is). */
export function confirmPage(view: ConfirmView): Html {
  const { user, problem, code, device, ends, asksKeys, now } = view;
  const content = html`${notice(problem)}
    <section class="panel" aria-labelledby="which">
      <h2 id="which">Did you start this yourself, just now?</h2>
      <dl class="ways facts">
        ${fact('Computer', html`<strong><bdi>${device.label}</bdi></strong> by its own word`)}
        ${fact('Address', html`<bdi>${device.address}</bdi>`)}
        ${fact('Code', html`<code>${code}</code>`)}
      </dl>
    </section>
    <section class="panel">
      <p>
        If you allow it, programs on that computer reach every endpoint that is open to you, and
        this router’s API, in your name. It ends ${when(new Date(ends).toISOString(), now)}, when
        you sign out of this browser’s session, or when you revoke it under “Tokens”.
      </p>
      <p>
        <strong>Refuse it if the code is not the one that the computer in front of you shows</strong
        >, or if somebody sent you here: they would have access in your place.
      </p>
      <form class="form" method="post" action="${ANSWER_PATH}">
        ${hiddenField('code', code)} ${asksKeys ? keyFields('let in a computer') : undefined}
        <div class="acts">
          <button class="main" name="answer" value="allow">Allow</button>
          <button name="answer" value="refuse" formnovalidate>Refuse</button>
        </div>
      </form>
    </section>`;
  return framed({ title: 'Sign in a computer?', user, back: TO_OVERVIEW }, content);
}

/** What has become of it. */
export function answeredPage({ user }: DeviceView, answer: 'allowed' | 'refused'): Html {
  const allowed = answer === 'allowed';
  const content = html`<p class="notice ${allowed ? 'good' : ''}" role="status">
      ${
        allowed
          ? 'Allowed. The computer is signed in within a few seconds; you may close this page.'
          : 'Refused. Nothing was given away.'
      }
    </p>
    <p class="meta">
      All computers that act in your name: <a href="/auth/endpoint-tokens">your tokens</a>.
    </p>`;
  const title = allowed ? 'Computer allowed' : 'Computer refused';
  return framed({ title, user, back: TO_OVERVIEW }, content);
}

function notice(problem: string | undefined): Html | undefined {
  return problem === undefined
    ? undefined
    : html`<p class="notice bad" role="alert">${problem}</p>`;
}

function fact(name: string, value: Html): Html {
  return html`<div class="way">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
