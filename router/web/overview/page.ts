import { administrationSection } from './administration_section.ts';
import { commandSection } from './command_section.ts';
import { askSection } from './ask_section.ts';
import { linkLine } from '../parts/copy_line.ts';
import { endpointsSection } from './endpoints_section.ts';
import { framed } from '../parts/frame.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedStaticRoute, Listing } from './listing.ts';
import { seenNote } from './replica_words.ts';
import type { Selection } from './selection.ts';
import { when } from '../parts/times.ts';

/** What the page says beside the listing. */
interface PageContext {
  readonly routerName: string;
  readonly wheelUrl: string;
  /** Where the router's own pages are, as an origin. */
  readonly routerUrl: string;
  readonly now: number;
}

/** The page at `/`: the listing for people. Works without scripts. */
export function overviewPage(
  listing: Listing,
  selection: Selection,
  { routerName, wheelUrl, routerUrl, now }: PageContext,
): Html {
  const { staticRoutes, administration, user, endpointTokens } = listing;
  const content = html`${freshness(listing, now)} ${endpointsSection(listing, selection, now)}
  ${staticRoutes.length === 0 ? undefined : staticSection(listing)}
  ${endpointTokens ? commandSection(wheelUrl, routerUrl) : undefined} ${askSection(wheelUrl)}
  ${administration === null ? undefined : administrationSection(administration, listing, routerName, now)}`;
  const footer = html`The same as data: <a href="/api/v1/routes">/api/v1/routes</a>, described by
    <a href="/api/v1/openapi.json">OpenAPI</a>. ${seenNote(listing.replicas)}`;
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

function staticSection({ staticRoutes, endpointTokens }: Listing): Html {
  return html`<section aria-labelledby="static">
    <div class="bar"><h2 id="static">Static routes</h2></div>
    <ul class="rows">
      ${staticRoutes.map((route) => staticRow(route, endpointTokens))}
    </ul>
  </section>`;
}

function staticRow(route: ListedStaticRoute, endpointTokens: boolean): Html {
  const { name, status, endpoints, answering } = route;
  const count = endpoints.length;
  const dead = status === 'routing' && count > 0 && answering === 0;
  const tokens = `/auth/endpoint-tokens?${new URLSearchParams({ route: name }).toString()}`;
  return html`<li class="row">
    <div>
      <h3>${name}</h3>
      <p class="meta dots">
        <span>${ACCESS[route.access]}</span>
        ${route.loadBalanced ? html`<span>load-balanced</span>` : undefined}
        <span>${count === 1 ? '1 task' : `${count} tasks`} open to you</span>
        ${answering < count ? html`<span>${answering} of them ${answering === 1 ? 'answers' : 'answer'}</span>` : undefined}
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
          ${
            dead
              ? html`<span class="state failing">does not answer</span>`
              : html`<span class="state ${status === 'routing' ? 'open' : 'waiting'}"
                  >${status}</span
                >`
          }
        </dt>
        <dd>${linkLine(route.url, `URL of ${name}`)}</dd>
      </div>
    </dl>
  </li>`;
}

const ACCESS: Readonly<Record<ListedStaticRoute['access'], string>> = {
  people: 'for those whom it names',
  visible: 'for those who may see its task',
  authenticated: 'for everyone of the company who is signed in',
  public: 'open to everybody',
};
