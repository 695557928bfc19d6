import { isLink, type Grant } from '../../auth/sharing/store.ts';
import { usesLeft } from '../../auth/sharing/links.ts';
import { markedName } from '../../auth/guests/guest.ts';
import type { EndpointLevel } from '../../grammar/access_level.ts';
import type { Listing } from '../overview/listing.ts';
import { codeLine } from '../parts/copy_line.ts';
import { hiddenField } from '../parts/fields.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import { when } from '../parts/times.ts';
import { shareForm, type ShareFormView } from './share_form.ts';

/** The one endpoint that a page of sharing is about. */
export interface SharedEndpoint {
  readonly id: string;
  readonly label: string;
  /** Who may use it, beside those whom the owner named. */
  readonly level: EndpointLevel;
  /** Undefined where nothing may be given, and for administrators, who give nothing. */
  readonly form: ShareFormView | undefined;
  /** Why nothing may be given. */
  readonly refusal: string | undefined;
}

export interface SharingView {
  readonly user: Listing['user'];
  readonly grants: readonly Grant[];
  /** What endpoints are called, by id; those that the user may not see now are missing. */
  readonly names: ReadonlyMap<string, string>;
  /** Undefined on the page of all that is shared. */
  readonly endpoint: SharedEndpoint | undefined;
  /** What everybody gave whom the user administers. */
  readonly everybody: boolean;
  readonly problem: string | undefined;
  /** What was done right before. */
  readonly done: 'shared' | 'revoked' | undefined;
  readonly now: number;
}

const DONE = { shared: 'Shared.', revoked: 'Taken back.' } as const;

const BY_LEVEL: Readonly<Record<EndpointLevel, string>> = {
  owner: 'It is for its owner, and for those with whom it is shared here.',
  people: 'It is for its owner, and for those with whom it is shared here.',
  visible: 'It is open to everybody who may see the task in ClearML.',
};

function forWhom({ level, refusal }: SharedEndpoint): string {
  return refusal === undefined ? BY_LEVEL[level] : 'It is for its owner alone.';
}

export function sharingPage(view: SharingView): Html {
  const { user, grants, endpoint, everybody, problem, done } = view;
  const own = endpoint === undefined ? 'What you share' : `Sharing of ${endpoint.label}`;
  const content = html`${
      done === undefined ? undefined : html`<p class="notice good" role="status">${DONE[done]}</p>`
    }
    ${problem === undefined ? undefined : html`<p class="notice bad" role="alert">${problem}</p>`}
    <section>
      ${endpoint === undefined ? undefined : html`<p>${forWhom(endpoint)}</p>`}
      <p>
        What is taken back ends within seconds, with all that was opened by it. Only the owner and
        the administrators of this router see what is shared with whom.
      </p>
    </section>
    ${
      grants.length === 0
        ? html`<section><p class="panel">Nothing is shared.</p></section>`
        : grantTable(view)
    }
    ${endpoint?.form === undefined ? undefined : shareForm(endpoint.form)}
    ${endpoint?.refusal === undefined ? undefined : html`<p class="panel">${endpoint.refusal}</p>`}
    ${endpoint === undefined && !everybody ? html`<p class="meta">To share, choose “Share” at an endpoint of yours.</p>` : undefined}`;
  const title = everybody ? 'What everybody shares' : own;
  return framed({ title, user, back: TO_OVERVIEW }, content);
}

function grantTable(view: SharingView): Html {
  const { grants, everybody } = view;
  return html`<section class="rows">
    <table>
      <thead>
        <tr>
          <th scope="col">With</th>
          <th scope="col">What</th>
          ${everybody ? html`<th scope="col">Owner</th>` : undefined}
          <th scope="col">Since</th>
          <th scope="col">Ends</th>
          <th scope="col"><span class="sr">Take back</span></th>
        </tr>
      </thead>
      <tbody>
        ${grants.map((grant) => grantRow(grant, view))}
      </tbody>
    </table>
  </section>`;
}

function grantRow(grant: Grant, { endpoint, everybody, names, now }: SharingView): Html {
  const { id, ownerId, ownerName, createdAt } = grant;
  const ends = isLink(grant) ? new Date(grant.gives.link.expiresAt).toISOString() : undefined;
  // Two may be with the same people: the id tells them apart for those who hear the page.
  const button = `Take back what is shared with ${withWhom(grant)}, ${id.slice(0, 8)}`;
  return html`<tr>
    <td>${recipients(grant)}</td>
    <td>${subjectLink(grant, names, endpoint?.id)}</td>
    ${everybody ? html`<td><bdi>${ownerName === '' ? ownerId : ownerName}</bdi></td>` : undefined}
    <td><span class="narrow">since </span>${when(new Date(createdAt).toISOString(), now)}</td>
    <td>
      <span class="narrow">ends </span>${ends === undefined ? 'when taken back' : when(ends, now)}
    </td>
    <td>
      <form method="post" action="/auth/sharing/revoke">
        ${hiddenField('endpoint', endpoint?.id)}
        ${hiddenField('everybody', everybody ? '1' : undefined)} ${hiddenField('id', id)}
        <button aria-label="${button}">Take back</button>
      </form>
    </td>
  </tr>`;
}

function withWhom({ gives }: Grant): string {
  if ('people' in gives) return gives.people.map(({ id, name }) => name || id).join(', ');
  return 'everybody' in gives ? 'everybody' : 'a link';
}

function recipients(grant: Grant): Html {
  const { gives } = grant;
  if ('everybody' in gives) return html`everybody who may see the task`;
  if ('people' in gives) return html`<bdi>${withWhom(grant)}</bdi>`;
  const { uses, redeemed, admitted = [], guests } = gives.link;
  const letIn = [
    ...redeemed.map(({ id, name }) => name || id),
    ...admitted.map(({ name }) => markedName(name)),
  ];
  return html`a link${guests ? ', guests too' : undefined}, ${usesLeft(gives.link)} of ${uses}
  ${uses === 1 ? 'use' : 'uses'}
  left${
    letIn.length === 0
      ? undefined
      : html`: let in
        ${letIn.map((name, at) => html`${at === 0 ? undefined : ', '}<bdi>${name}</bdi>`)}`
  }`;
}

/** `here` is the endpoint that the page is about. */
function subjectLink({ subject }: Grant, names: SharingView['names'], here?: string): Html {
  if ('project' in subject) return html`all own tasks in <bdi>${subject.project}</bdi>`;
  if (subject.endpoint === here) return html`this endpoint`;
  const name = names.get(subject.endpoint);
  if (name === undefined) return html`<bdi>${subject.endpoint}</bdi>`;
  return html`<a href="/auth/sharing?endpoint=${subject.endpoint}"><bdi>${name}</bdi></a>`;
}

/** The one page that ever shows a link. */
export function linkMadePage({
  url,
  grant,
  endpoint,
  user,
  now,
}: {
  readonly url: string;
  readonly grant: Grant;
  readonly endpoint: Pick<SharedEndpoint, 'id' | 'label'>;
  readonly user: Listing['user'];
  readonly now: number;
}): Html {
  const back = html`<a href="/auth/sharing?endpoint=${endpoint.id}"
    >Sharing of ${endpoint.label}</a
  >`;
  const expires = isLink(grant) ? new Date(grant.gives.link.expiresAt).toISOString() : undefined;
  const guests = isLink(grant) && grant.gives.link.guests;
  const content = html`<p class="notice good" role="status">
      Copy it now: it is shown this once.
      ${expires === undefined ? undefined : html`It ends ${when(expires, now)}.`}
    </p>
    <section class="panel secret">${codeLine(url, 'link')}</section>
    <p class="meta">
      Whoever opens it signs in, and is let in if ClearML shows them the task.
      ${guests ? 'Who does not sign in goes on as a guest, under a name of their own choice.' : undefined}
      You see whom it let in, and can take it back.
    </p>`;
  return framed({ title: 'Link made', user, back }, content);
}
