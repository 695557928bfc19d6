import { administrationSection } from './administration_section.ts';
import { askSection } from './ask_section.ts';
import { linkLine } from '../parts/copy_line.ts';
import { distinctLabels, endpointRow } from './endpoint_row.ts';
import { framed } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedStaticRoute, Listing } from './listing.ts';
import type { Selection } from './selection.ts';
import { when } from '../parts/times.ts';

/** What the page says beside the listing. */
interface PageContext {
  readonly routerName: string;
  readonly wheelUrl: string;
  readonly now: number;
}

/** The page at `/`: the listing for people. Works without scripts. */
export function overviewPage(
  listing: Listing,
  selection: Selection,
  { routerName, wheelUrl, now }: PageContext,
): Html {
  const { staticRoutes, administration, user } = listing;
  const content = html`${freshness(listing, now)} ${endpointsSection(listing, selection, now)}
  ${staticRoutes.length === 0 ? undefined : staticSection(listing)} ${askSection(wheelUrl)}
  ${administration === null ? undefined : administrationSection(administration, { routerName, endpointTokens: listing.endpointTokens }, now)}`;
  const footer = html`The same as data: <a href="/api/v1/routes">/api/v1/routes</a>, described by
    <a href="/api/v1/openapi.json">OpenAPI</a>. “Used” is what this replica saw since it started.`;
  return framed({ title: 'Your ClearML tasks', user, back: undefined }, content, footer);
}

function freshness({ confirmedAt, stale }: Listing, now: number): Html | undefined {
  if (confirmedAt === null) {
    return html`<p class="notice" role="alert">
      The router has not yet been able to ask ClearML which tasks run.
    </p>`;
  }
  if (!stale) return undefined;
  return html`<p class="notice" role="alert">
    ClearML does not answer. This is what it last said, ${when(confirmedAt, now)}; tasks that have
    started since are missing.
  </p>`;
}

function endpointsSection(listing: Listing, selection: Selection, now: number): Html {
  const { endpoints, matching, total, filter } = selection;
  const labels = distinctLabels(endpoints);
  const rows = endpoints.map((endpoint, index) =>
    endpointRow(endpoint, {
      now,
      label: labels[index] ?? endpoint.id,
      detailed: listing.administration !== null,
      endpointTokens: listing.endpointTokens,
    }),
  );
  const count = filter === '' ? `${total}` : `${matching} of ${total}`;
  return html`<section aria-labelledby="endpoints-title">
    <div class="bar">
      <h2 id="endpoints-title">Endpoints <span class="soft">${count}</span></h2>
      <div class="find">
        ${listing.endpointTokens ? html`<a href="/auth/endpoint-tokens">Your tokens</a>` : undefined}
        ${total > 1 ? findForm(selection) : undefined}
      </div>
    </div>
    ${
      rows.length === 0
        ? noRows(selection)
        : html`<ul class="rows" id="endpoints">
            ${rows}
          </ul>`
    }
    ${pageLinks(selection)} ${tcpWarning(endpoints)}
  </section>`;
}

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
    <p>None of the running tasks that you may see asks for access from outside.</p>
    <p class="meta">
      A task asks in its code, as said below, or is started by <code>clearml-session</code>. It
      appears here a few seconds after it runs.
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

function staticSection({ staticRoutes, endpointTokens }: Listing): Html {
  return html`<section aria-labelledby="static">
    <div class="bar"><h2 id="static">Static routes</h2></div>
    <ul class="rows">
      ${staticRoutes.map((route) => staticRow(route, endpointTokens))}
    </ul>
  </section>`;
}

function staticRow(route: ListedStaticRoute, endpointTokens: boolean): Html {
  const { name, status, endpoints } = route;
  const count = endpoints.length;
  const tokens = `/auth/endpoint-tokens?${new URLSearchParams({ route: name }).toString()}`;
  return html`<li class="row">
    <div>
      <h3>${name}</h3>
      <p class="meta dots">
        <span>${ACCESS[route.access]}</span>
        ${route.loadBalanced ? html`<span>load-balanced</span>` : undefined}
        <span>${count === 1 ? '1 task' : `${count} tasks`} of yours</span>
      </p>
      ${
        endpointTokens && route.access !== 'public'
          ? html`<div class="acts">
              <a class="button" href="${tokens}" aria-label="Tokens for ${name}">Tokens</a>
            </div>`
          : undefined
      }
    </div>
    <dl class="ways">
      <div class="way">
        <dt>
          HTTP
          <span class="state ${status === 'routing' ? 'open' : 'waiting'}">${status}</span>
        </dt>
        <dd>${linkLine(route.url, `URL of ${name}`)}</dd>
      </div>
    </dl>
  </li>`;
}

const ACCESS: Readonly<Record<ListedStaticRoute['access'], string>> = {
  task: 'for those who may see its task',
  authenticated: 'for everyone of the company who is signed in',
  public: 'open to everybody',
};
