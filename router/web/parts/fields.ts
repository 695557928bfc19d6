import { html, type Html } from './html.ts';

/** Where a ClearML access key, or a user's name, is typed. `attributes` are further ones of the input. */
export function accessKeyField(attributes?: Html): Html {
  return html`<label for="access_key">Access key</label>
    <input
      id="access_key"
      name="access_key"
      required
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      ${attributes}
    />`;
}

/** Where its secret key, or the password, is typed. */
export function secretKeyField(attributes?: Html): Html {
  return html`<label for="secret_key">Secret key</label>
    <input
      id="secret_key"
      name="secret_key"
      type="password"
      required
      autocomplete="current-password"
      ${attributes}
    />`;
}

/** What a form sends along unseen; nothing where there is nothing to send. */
export function hiddenField(name: string, value: string | undefined): Html | undefined {
  if (value === undefined) return undefined;
  return html`<input type="hidden" name="${name}" value="${value}" />`;
}

const SHORT = html`maxlength="512"`;

/** The user's keys once more, of whoever does an act on a page that shares its origin with tasks. `act` is the end of the sentence that says why. */
export function keyFields(act: string): Html {
  return html`<p class="meta" id="why">
      Pages of tasks share this router’s address and could ${act} in your name. So your keys are
      asked for again: the pair of access key and secret key, or user name and password.
    </p>
    <div>${accessKeyField(html`${SHORT} aria-describedby="why"`)}</div>
    <div>${secretKeyField(SHORT)}</div>`;
}

const EXPIRIES = [
  { seconds: 3_600, text: 'an hour' },
  { seconds: 86_400, text: 'a day' },
  { seconds: 604_800, text: 'a week' },
  { seconds: 2_592_000, text: '30 days' },
  { seconds: 31_536_000, text: 'a year' },
] as const;

/** When what is made ends: up to `longest` seconds, `usual` seconds unless something else is chosen. */
export function expiryField(usual: number, longest: number): Html {
  return html`<label for="expires_in">Expires after</label>
    <select id="expires_in" name="expires_in">
      ${EXPIRIES.filter(({ seconds }) => seconds <= longest).map(
        ({ seconds, text }) =>
          html`<option value="${seconds}" ${seconds === usual ? html`selected` : undefined}>
            ${text}
          </option>`,
      )}
    </select>`;
}
