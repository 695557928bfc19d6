import { endpointLabel } from '../overview/endpoint_row.ts';
import type { Listing } from '../overview/listing.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import { when } from '../parts/times.ts';
import type { OpenedLink } from './link_acts.ts';

/** What whoever opens a link sees: who shares what, and the button that lets in. */
export function linkPage(
  { link: grant, endpoints }: OpenedLink,
  user: Listing['user'],
  now: number,
): Html {
  const { ownerId, ownerName, subject, gives } = grant;
  const [endpoint] = endpoints;
  const what =
    'project' in subject
      ? `their tasks in ${subject.project}`
      : endpoint === undefined
        ? subject.endpoint
        : endpointLabel(endpoint.task, endpoint.name);
  const owner = ownerName === '' ? ownerId : ownerName;
  const title = `${owner} shares ${what} with you`;
  const expires = new Date(gives.link.expiresAt).toISOString();
  const content = html`<section class="panel">
    <p>
      What you open runs in ClearML in the name of <strong><bdi>${owner}</bdi></strong
      >, who sees that you were let in, and can take this back.
    </p>
    <form class="form" method="post">
      <button class="main">Open it</button>
    </form>
    <p class="meta">The link ends ${when(expires, now)}, and what it opened with it.</p>
  </section>`;
  return framed({ title, user, back: TO_OVERVIEW }, content);
}
