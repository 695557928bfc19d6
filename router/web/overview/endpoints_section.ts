import { distinctLabels, endpointRow } from './endpoint_row.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedEndpoint, Listing } from './listing.ts';
import { silenceOf } from './replica_words.ts';
import type { Selection } from './selection.ts';

/** The endpoints of one page, one's own apart from those of others. */
export function endpointsSection(listing: Listing, selection: Selection, now: number): Html {
  const { endpoints, matching, total, filter } = selection;
  const labels = distinctLabels(endpoints);
  const rows = endpoints.map((endpoint, index) =>
    endpointRow(endpoint, {
      now,
      allSeen: silenceOf(listing.replicas) === undefined,
      label: labels[index] ?? endpoint.id,
      detailed: listing.administration !== null,
      endpointTokens: listing.endpointTokens,
      sharing: listing.sharing,
    }),
  );
  const count = filter === '' ? `${total}` : `${matching} of ${total}`;
  return html`<section aria-labelledby="endpoints-title">
    <div class="bar">
      <h2 id="endpoints-title">Endpoints <span class="soft">${count}</span></h2>
      <div class="find">
        ${listing.user === null ? undefined : html`<a href="/auth/ask">Ask for an endpoint</a>`}
        ${listing.sharing ? html`<a href="/auth/sharing">What you share</a>` : undefined}
        ${listing.endpointTokens ? html`<a href="/auth/endpoint-tokens">Your tokens</a>` : undefined}
        ${total > 1 ? findForm(selection) : undefined}
      </div>
    </div>
    ${
      rows.length === 0
        ? noRows(selection)
        : html`<div id="endpoints">${groups(endpoints, rows)}</div>`
    }
    ${pageLinks(selection)} ${tcpWarning(endpoints)}
  </section>`;
}

/** Under a heading for each kind of right; in the order in which they are listed. */
function groups(endpoints: readonly ListedEndpoint[], rows: readonly Html[]): readonly Html[] {
  const titles = endpoints.map(({ access }) => (access === null ? NO_SIGN_IN : TITLES[access.by]));
  return [...new Set(titles)].map(
    (title) =>
      html`<h3 class="group">${title}</h3>
        <ul class="rows">
          ${rows.filter((_, index) => titles[index] === title)}
        </ul>`,
  );
}

const NO_SIGN_IN = 'Open to everybody';
const TITLES = {
  owner: 'Yours',
  level: 'Shared with you',
  administrator: 'Of others, for administrators',
} as const;

function findForm({ filter, pages }: Selection): Html {
  const whole = filter === '' && pages === 1;
  const clear = html`<a class="button" href="/">Clear</a>`;
  return html`<form class="find" role="search" method="get" action="/">
    <label class="sr" for="q">Filter endpoints</label>
    <input
      id="q"
      name="q"
      type="search"
      value="${filter}"
      placeholder="Name, project, state…"
      ${whole ? html`data-find` : undefined}
    />
    <button>Filter</button>${filter === '' ? undefined : clear}
  </form>`;
}

function noRows({ total, filter }: Selection): Html {
  if (total > 0) return html`<p class="panel">No endpoint matches “${filter}”.</p>`;
  return html`<div class="panel">
    <p>
      None of your running tasks asks for access from outside, and no endpoint of others is shared
      with you.
    </p>
    <p class="meta">
      You ask above for an endpoint of a running task of yours; or the task asks in its code, as
      said below, or is started by <code>clearml-session</code>. It appears here a few seconds
      later.
    </p>
  </div>`;
}

function pageLinks({ page, pages, filter }: Selection): Html | undefined {
  if (pages === 1) return undefined;
  const link = (to: number, text: string): Html | undefined => {
    if (to < 1 || to > pages) return undefined;
    const query = new URLSearchParams(filter === '' ? {} : { q: filter });
    query.set('page', String(to));
    return html`<a class="button" href="/?${query.toString()}">${text}</a>`;
  };
  return html`<nav class="acts" aria-label="Pages of endpoints">
    ${link(page - 1, 'Previous')} <span class="small">Page ${page} of ${pages}</span>
    ${link(page + 1, 'Next')}
  </nav>`;
}

function tcpWarning(endpoints: Selection['endpoints']): Html | undefined {
  if (endpoints.every(({ tcp }) => tcp === null || tcp.port === null)) return undefined;
  return html`<p class="meta">
    TCP ports know no sign-in: whoever reaches the port reaches the task, and only what the task
    asks for itself (an ssh key, a password) protects it. ssh through HTTPS goes through your
    sign-in.
  </p>`;
}
