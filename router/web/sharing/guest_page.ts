import { LONGEST_GUEST_NAME } from '../../auth/guests/guest.ts';
import { endpointLabel } from '../overview/endpoint_row.ts';
import { framed } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import { when } from '../parts/times.ts';
import type { GuestLink } from './guest_acts.ts';

/** The query of the page of a link by which somebody goes on to sign-in. */
export const SIGN_IN_QUERY = 'sign-in';

/** What whoever is not signed in sees of a link that lets in guests: two ways on. `problem` is what was wrong with the name, in one sentence. */
export function guestPage(
  { link, endpoint }: GuestLink,
  typed: string,
  problem: string | undefined,
  now: number,
): Html {
  const { ownerId, ownerName, gives } = link;
  const owner = ownerName === '' ? ownerId : ownerName;
  const expires = new Date(gives.link.expiresAt).toISOString();
  const content = html`${
      problem === undefined ? undefined : html`<p class="notice bad" role="alert">${problem}</p>`
    }
    <section class="panel">
      <h2>With your ClearML account</h2>
      <p><a class="button" href="?${SIGN_IN_QUERY}">Sign in</a></p>
    </section>
    <section class="panel">
      <h2>As a guest</h2>
      <form class="form" method="post">
        <div>
          <label for="name">Your name</label>
          <input
            id="name"
            name="name"
            required
            maxlength="${LONGEST_GUEST_NAME}"
            autocomplete="name"
            value="${typed}"
          />
        </div>
        <button class="main">Go on as a guest</button>
      </form>
      <p class="meta">
        You are let in to this one address, until the link ends ${when(expires, now)} or
        <bdi>${owner}</bdi> takes it back. They and their task see the name, marked as that of a
        guest.
      </p>
    </section>`;
  const what = endpointLabel(endpoint.task, endpoint.name);
  return framed(
    { title: `${owner} shares ${what} with you`, user: undefined, back: undefined },
    content,
  );
}
