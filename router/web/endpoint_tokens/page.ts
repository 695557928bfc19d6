import { readAudience } from '../../auth/sealed/audience.ts';
import type { EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import type { IssuedToken } from '../../auth/endpoint_tokens/endpoint_tokens.ts';
import { deviceTable } from '../device/device_table.ts';
import { sshTunnelLine } from '../parts/connect_lines.ts';
import { codeLine } from '../parts/copy_line.ts';
import { subjectQuery, type Subject } from './acts.ts';
import { expiryField, hiddenField, keyFields } from '../parts/fields.ts';
import { framed, TO_OVERVIEW } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import type { Listing } from '../overview/listing.ts';
import { when } from '../parts/times.ts';

/** What a page of tokens is about. */
export interface TokenSubject extends Subject {
  readonly label: string;
  /** Where it is and what it carries; undefined where it is not open to the user now. */
  readonly open:
    { readonly url: string; readonly http: boolean; readonly tcp: boolean } | undefined;
}

export interface TokensView {
  readonly user: Listing['user'];
  readonly records: readonly EndpointTokenRecord[];
  /** Device tokens; undefined on the page of one endpoint or route. */
  readonly devices: readonly EndpointTokenRecord[] | undefined;
  /** What endpoints are called, by id; those that the user may not see now are missing. */
  readonly names: ReadonlyMap<string, string>;
  /** Undefined on the page of all tokens. */
  readonly subject: TokenSubject | undefined;
  /** The tokens of all whom the user administers. */
  readonly everybody: boolean;
  readonly problem: string | undefined;
  /** Whether making a token takes the user's keys again. */
  readonly asksKeys: boolean;
  readonly revoked: boolean;
  /** What was typed before the problem. */
  readonly wrong: { readonly label: string };
  readonly now: number;
}

const USUAL_SECONDS = 2_592_000;
const LONGEST_SECONDS = 31_536_000;

export function endpointTokensPage(view: TokensView): Html {
  const { user, records, devices, subject, everybody, problem, revoked, now } = view;
  const own = subject === undefined ? 'Your tokens' : `Tokens for ${subject.label}`;
  const title = everybody ? 'Tokens of everybody' : own;
  const content = html`${revoked ? html`<p class="notice good" role="status">Revoked.</p>` : undefined}
    ${problem === undefined ? undefined : html`<p class="notice bad" role="alert">${problem}</p>`}
    ${
      devices === undefined
        ? undefined
        : deviceTable({
            records: devices,
            everybody,
            revokePath: '/auth/endpoint-tokens/revoke',
            now,
          })
    }
    <section>
      ${devices === undefined ? undefined : html`<div class="bar"><h2>Endpoint tokens</h2></div>`}
      <p>
        An endpoint token lets a program that cannot hold a ClearML token reach one endpoint, in
        your name. It ends at its own end, with your right to see the task, and when you sign out of
        the session that made it. Only you and the administrators of this router see your tokens.
      </p>
    </section>
    ${records.length === 0 ? html`<section><p class="panel">No tokens.</p></section>` : tokenTable(view)}
    ${subject === undefined ? html`<p class="meta">To make one, choose “Tokens” at an endpoint.</p>` : makeForm(subject, view)}`;
  return framed({ title, user, back: TO_OVERVIEW }, content);
}

function tokenTable(view: TokensView): Html {
  const { records, subject, everybody } = view;
  return html`<section class="rows">
    <table>
      <thead>
        <tr>
          <th scope="col">Label</th>
          ${everybody ? html`<th scope="col">User</th>` : undefined}
          ${subject === undefined ? html`<th scope="col">Opens</th>` : undefined}
          <th scope="col">Made</th>
          <th scope="col">Expires</th>
          <th scope="col"><span class="sr">Revoke</span></th>
        </tr>
      </thead>
      <tbody>
        ${records.map((record) => tokenRow(record, view))}
      </tbody>
    </table>
  </section>`;
}

function tokenRow(
  { id, userId, userName, label, audience, createdAt, expiresAt }: EndpointTokenRecord,
  { subject, everybody, names, now }: TokensView,
): Html {
  // Two tokens may have one label: when it was made tells them apart, and its id does for those who hear the page.
  const button = `Revoke ${label}, token ${id.slice(0, 8)}`;
  return html`<tr>
    <td><bdi>${label}</bdi></td>
    ${everybody ? html`<td><bdi>${userName ?? userId}</bdi></td>` : undefined}
    ${subject === undefined ? html`<td>${opensLink(audience, names)}</td>` : undefined}
    <td><span class="narrow">made </span>${when(new Date(createdAt).toISOString(), now)}</td>
    <td><span class="narrow">expires </span>${when(new Date(expiresAt).toISOString(), now)}</td>
    <td>
      <form method="post" action="/auth/endpoint-tokens/revoke">
        ${hiddenField('endpoint', subject?.endpoint)} ${hiddenField('route', subject?.route)}
        ${hiddenField('everybody', everybody ? '1' : undefined)} ${hiddenField('id', id)}
        <button aria-label="${button}">Revoke</button>
      </form>
    </td>
  </tr>`;
}

function opensLink(audience: string, names: TokensView['names']): Html {
  const opens = readAudience(audience);
  const name = 'endpoint' in opens ? (names.get(opens.endpoint) ?? opens.endpoint) : opens.route;
  return html`<a href="/auth/endpoint-tokens?${subjectQuery(opens).toString()}"
    ><bdi>${name}</bdi></a
  >`;
}

function makeForm(subject: TokenSubject, { wrong, asksKeys }: TokensView): Html {
  if (subject.open === undefined) {
    return html`<p class="panel">
      There is no such endpoint now, or it is not open to you: no token can be made for it.
    </p>`;
  }
  return html`<section class="panel" aria-labelledby="make">
    <div class="bar"><h2 id="make">Make a token</h2></div>
    <form class="form" method="post" action="/auth/endpoint-tokens">
      ${hiddenField('endpoint', subject.endpoint)} ${hiddenField('route', subject.route)}
      <div>
        <label for="label">Label</label>
        <input
          id="label"
          name="label"
          required
          maxlength="100"
          autocomplete="off"
          value="${wrong.label}"
          placeholder="What it is for"
        />
      </div>
      <div>${expiryField(USUAL_SECONDS, LONGEST_SECONDS)}</div>
      ${asksKeys ? keyFields('make a token') : undefined}
      <button class="main">Make token</button>
      <p class="meta">At the latest when your own ClearML session ends.</p>
    </form>
  </section>`;
}

export interface TokenMadeView {
  readonly issued: IssuedToken;
  readonly subject: TokenSubject;
  readonly user: Listing['user'];
  readonly now: number;
}

/** The one page that ever shows a token. The lines below it read the token from the terminal, which keeps no history of that. */
export function tokenMadePage({ issued, subject, user, now }: TokenMadeView): Html {
  const { text, record } = issued;
  const query = subjectQuery(subject).toString();
  const back = html`<a href="/auth/endpoint-tokens?${query}">Tokens for ${subject.label}</a>`;
  const content = html`<p class="notice good" role="status">
      Copy it now: it is shown this once. It expires
      ${when(new Date(record.expiresAt).toISOString(), now)}.
    </p>
    <section class="panel secret">${codeLine(text, `token ${record.label}`)}</section>
    <section class="panel ways">
      <h2>Use it</h2>
      <p class="small">
        Send it as <code>Authorization: Bearer …</code>. In a terminal, so that it stays out of the
        history: enter the first line, paste the token, press Enter.
      </p>
      ${codeLine('read -rs ENDPOINT_TOKEN; export ENDPOINT_TOKEN', 'line that reads the token')}
      ${useLines(subject)}
    </section>`;
  return framed({ title: `Token “${record.label}” made`, user, back }, content);
}

function useLines({ open, endpoint }: TokenSubject): Html | undefined {
  if (open === undefined) return undefined;
  const { url, http, tcp } = open;
  const curl = `curl -H "Authorization: Bearer $ENDPOINT_TOKEN" ${url}`;
  const ssh = sshTunnelLine(url.replace(/^http/, 'ws'), endpoint ?? '', 'ENDPOINT_TOKEN');
  return html`${http ? codeLine(curl, 'curl line') : undefined}
  ${tcp ? codeLine(ssh, 'ssh line') : undefined}`;
}
