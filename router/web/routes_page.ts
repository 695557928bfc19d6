import { sshLine, sshTunnelLine } from './connect_lines.ts';
import { html, type Html } from './html.ts';
import type {
  ListedAdministration,
  ListedEndpoint,
  ListedHttpLane,
  ListedStaticRoute,
  ListedTcpLane,
  Listing,
} from './listing.ts';
import { SCRIPT_ELEMENT, STYLE_ELEMENT } from './page_assets.ts';

/** The page at `/`: the listing for people. Works without scripts. */
export function routesPage(listing: Listing, routerName: string): Html {
  const { endpoints, staticRoutes, administration } = listing;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Your ClearML tasks · ${routerName}</title>
        <link rel="icon" href="data:," />
        ${STYLE_ELEMENT}
      </head>
      <body>
        <header>
          <h1>Your ClearML tasks</h1>
          ${account(listing)}
        </header>
        <main>
          ${freshness(listing)}
          <h2>Endpoints</h2>
          ${
            endpoints.length === 0
              ? html`<p>
                  None of the running tasks that you may see asks for access from outside.
                </p>`
              : html`<ul class="cards">
                  ${endpoints.map(endpointCard)}
                </ul>`
          }
          ${tcpWarning(endpoints)}
          ${
            staticRoutes.length === 0
              ? undefined
              : html`<h2>Static routes</h2>
                  <ul class="cards">
                    ${staticRoutes.map(staticCard)}
                  </ul>`
          }
          ${administration === null ? undefined : administrationSection(administration)}
          <p id="status" role="status" class="soft"></p>
        </main>
        <footer class="soft">
          The same as data: <a href="/api/v1/routes">/api/v1/routes</a>, described by
          <a href="/api/v1/openapi.json">OpenAPI</a>.
        </footer>
        ${SCRIPT_ELEMENT}
      </body>
    </html> `;
}

function account({ user }: Listing): Html {
  if (user === null) return html`<p class="account">Sign-in is switched off.</p>`;
  return html`<form class="account" method="post" action="/auth/sign-out">
    <span>Signed in as <strong>${user.name === '' ? user.id : user.name}</strong></span>
    <button>Sign out</button>
  </form>`;
}

function freshness({ confirmedAt, stale }: Listing): Html | undefined {
  if (confirmedAt === null) {
    return html`<p class="notice" role="alert">
      The router has not yet been able to ask ClearML which tasks run.
    </p>`;
  }
  if (!stale) return undefined;
  return html`<p class="notice" role="alert">
    ClearML does not answer. This is what it last said, at ${time(confirmedAt)}; tasks that have
    started since are missing.
  </p>`;
}

function endpointCard(endpoint: ListedEndpoint): Html {
  const { task, name, http, tcp } = endpoint;
  const label = name === null ? task.name : `${task.name} · ${name}`;
  return html`<li class="card">
    <h3>${task.url === null ? label : html`<a href="${task.url}">${label}</a>`}</h3>
    <p class="soft">
      ${task.project === null ? undefined : html`${task.project} · `}${task.type}${
        task.startedAt === null ? undefined : html` · since ${time(task.startedAt)}`
      }
      · <span>${task.id}</span>
    </p>
    <dl class="way">
      ${http === null ? undefined : httpWay(http, label)}
      ${tcp === null ? undefined : tcpWay(tcp, endpoint, label)}
    </dl>
  </li>`;
}

function httpWay(lane: ListedHttpLane, label: string): Html {
  if (lane.url === null) return closed('HTTP', lane);
  const pathUrl = lane.pathUrl ?? lane.url;
  return html`<dt>HTTP</dt>
    <dd>
      <div class="line">
        <a href="${lane.url}">${lane.url}</a>
        ${copyButton(lane.url, `Copy URL of ${label}`)}
        <button type="button" hidden data-try="${pathOf(pathUrl)}" aria-label="Test ${label}">
          Test
        </button>
        <span class="soft" role="status"></span>
      </div>
    </dd>`;
}

function tcpWay(lane: ListedTcpLane, { id }: ListedEndpoint, label: string): Html {
  if (lane.state !== 'open') return closed('TCP', lane);
  const { address, port, tunnelUrl } = lane;
  return html`<dt>TCP</dt>
    <dd>
      ${
        address === null || port === null
          ? html`<p>No port of the router’s range; through the WebSocket alone.</p>`
          : html`${codeLine(`${hostOf(address)}:${port}`, `Copy TCP address of ${label}`)}
              <details>
                <summary>ssh through this port</summary>
                ${codeLine(sshLine(address, port), `Copy ssh line of ${label}`)}
              </details>`
      }
      ${
        tunnelUrl === null
          ? undefined
          : html`<details>
              <summary>ssh through the HTTPS port, with your ClearML token</summary>
              ${codeLine(sshTunnelLine(tunnelUrl, id), `Copy ssh line over WebSocket of ${label}`)}
            </details>`
      }
    </dd>`;
}

function tcpWarning(endpoints: readonly ListedEndpoint[]): Html | undefined {
  if (endpoints.every(({ tcp }) => tcp === null || tcp.port === null)) return undefined;
  return html`<p class="notice">
    TCP ports know no sign-in: whoever reaches the port reaches the task, and only what the task
    asks for itself (an ssh key, a password) protects it. TCP over WebSocket goes through your
    ClearML sign-in.
  </p>`;
}

function staticCard(route: ListedStaticRoute): Html {
  const count = route.endpoints.length;
  return html`<li class="card">
    <h3>${route.name}</h3>
    <div class="line">
      <a href="${route.url}">${route.url}</a> ${copyButton(route.url, `Copy URL of ${route.name}`)}
    </div>
    <p class="soft">
      <span class="${route.status === 'routing' ? 'state open' : 'state'}">${route.status}</span> ·
      ${count === 1 ? '1 task' : `${count} tasks`} of
      yours${route.loadBalanced ? ' · load-balanced' : ''} · ${ACCESS[route.access]}
    </p>
  </li>`;
}

const ACCESS: Readonly<Record<ListedStaticRoute['access'], string>> = {
  task: 'for those who may see its task',
  authenticated: 'for everyone of the company who is signed in',
  public: 'open to everybody',
};

function administrationSection(administration: ListedAdministration): Html {
  const { leader, clearmlError, portsLeft, problems } = administration;
  return html`<h2>Router</h2>
    <dl class="way card">
      <dt>This replica</dt>
      <dd>${leader ? 'leads: hands out ports and writes answers' : 'follows the leader'}</dd>
      <dt>ClearML</dt>
      <dd>${clearmlError ?? 'answers'}</dd>
      <dt>TCP ports left</dt>
      <dd>${portsLeft === null ? 'TCP is off' : String(portsLeft)}</dd>
      <dt>Problems</dt>
      <dd>
        ${
          problems.length === 0
            ? 'none'
            : html`<ul>
                ${problems.map((text) => html`<li>${text}</li>`)}
              </ul>`
        }
      </dd>
    </dl>`;
}

function closed(way: string, { state, reason }: ListedHttpLane | ListedTcpLane): Html {
  const text =
    state === 'refused'
      ? `refused: ${reason ?? 'no reason given'}`
      : 'waiting: the task has not said yet where it listens';
  return html`<dt>${way}</dt>
    <dd><span class="state ${state}">${text}</span></dd>`;
}

function codeLine(text: string, label: string): Html {
  return html`<div class="line"><code>${text}</code>${copyButton(text, label)}</div>`;
}

function copyButton(text: string, label: string): Html {
  return html`<button type="button" hidden data-copy="${text}" aria-label="${label}">Copy</button>`;
}

function time(instant: string): Html {
  return html`<time datetime="${instant}">${instant.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** The path of one of the router's own URLs: the page asks its own origin alone. */
function pathOf(url: string): string {
  return url.slice(url.indexOf('/', url.indexOf('//') + 2));
}

/** An IPv6 address needs brackets beside a port. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
