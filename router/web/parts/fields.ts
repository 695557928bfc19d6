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
