import { sshLine, sshTunnelLine } from '../parts/connect_lines.ts';
import { codeLine, linkLine } from '../parts/copy_line.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedEndpoint, ListedHttp, ListedTcp } from './listing.ts';
import { when } from '../parts/times.ts';

/** What a row says beside the endpoint itself. */
export interface RowContext {
  readonly now: number;
  /** The name by which the page's reader tells this endpoint from the others. */
  readonly label: string;
  /** Whether owner and queue are of interest. */
  readonly detailed: boolean;
  readonly endpointTokens: boolean;
}

/** Task and endpoint, as people call them. */
export function endpointLabel(
  task: { readonly id: string; readonly name: string },
  endpointName: string | null | undefined,
): string {
  const taskName = task.name.trim() === '' ? task.id : task.name;
  return typeof endpointName === 'string' ? `${taskName} · ${endpointName}` : taskName;
}

/**
 * The labels of endpoints that stand on one page. Clones of a task have one name: where a name is not the only one, the
 * beginning of the task's id tells them apart, also for those who hear "Copy URL of …".
 */
export function distinctLabels(endpoints: readonly ListedEndpoint[]): readonly string[] {
  const labels = endpoints.map(({ task, name }) => endpointLabel(task, name));
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label, index) =>
    counts.get(label) === 1 ? label : `${label} (${endpoints[index]?.task.id.slice(0, 8)})`,
  );
}

/** One endpoint: what it is on the left, the ways into it on the right. */
export function endpointRow(endpoint: ListedEndpoint, context: RowContext): Html {
  const { task, http, tcp } = endpoint;
  const { label, now } = context;
  return html`<li class="row">
    <div>
      <h3><bdi>${label}</bdi></h3>
      <p class="meta dots">
        ${task.project === null ? undefined : html`<bdi>${task.project}</bdi>`}
        <span>${task.type}</span>
        ${task.startedAt === null ? undefined : html`<span>started ${when(task.startedAt, now)}</span>`}
        ${
          endpoint.lastUsedAt === null
            ? html`<span>no traffic seen</span>`
            : html`<span>used ${when(endpoint.lastUsedAt, now)}</span>`
        }
        ${
          task.url === null
            ? undefined
            : html`<span
                ><a href="${task.url}" aria-label="${label} in ClearML">in ClearML</a></span
              >`
        }
      </p>
      ${context.detailed ? ownerLine(endpoint) : undefined}
      <div class="acts">${testForm(endpoint, label)} ${tokensLink(endpoint, context)}</div>
      <output class="small"></output>
    </div>
    <dl class="ways">
      ${http === null ? undefined : httpWay(http, context)}
      ${tcp === null ? undefined : tcpWay(tcp, endpoint, context)}
    </dl>
  </li>`;
}

function ownerLine({ task }: ListedEndpoint): Html {
  return html`<p class="meta dots">
    <span>owner ${task.owner}</span>
    ${task.queue === null ? undefined : html`<span>queue ${task.queue}</span>`}
  </p>`;
}

/** Works as a form; with scripts its answer comes without leaving the page. */
function testForm({ id, http, tcp }: ListedEndpoint, label: string): Html | undefined {
  const tried = [http, tcp].some((one) => one?.state === 'open' || one?.state === 'failing');
  if (!tried) return undefined;
  return html`<form class="inline" method="post" action="/api/v1/endpoints/${id}/test" data-test>
    <button aria-label="Test ${label}">Test</button>
  </form>`;
}

function tokensLink(
  { id }: ListedEndpoint,
  { endpointTokens, label }: RowContext,
): Html | undefined {
  if (!endpointTokens) return undefined;
  const url = `/auth/endpoint-tokens?endpoint=${id}`;
  return html`<a class="button" href="${url}" aria-label="Tokens for ${label}">Tokens</a>`;
}

function httpWay(way: ListedHttp, context: RowContext): Html {
  return html`<div class="way" data-way="http">
    <dt>HTTP ${stateWord(way)}</dt>
    <dd>
      ${way.url === null ? undefined : linkLine(way.url, `URL of ${context.label}`)}
      ${reasonLine(way, context)}
    </dd>
  </div>`;
}

function tcpWay(way: ListedTcp, { id }: ListedEndpoint, context: RowContext): Html {
  const { address, port, tunnelUrl } = way;
  const { label } = context;
  const byPort = address !== null && port !== null;
  return html`<div class="way" data-way="tcp">
    <dt>TCP ${stateWord(way)}</dt>
    <dd>
      ${byPort ? codeLine(`${hostOf(address)}:${port}`, `TCP address of ${label}`) : undefined}
      ${
        byPort || tunnelUrl === null
          ? undefined
          : html`<p>No port of the range: through HTTPS alone.</p>`
      }
      ${reasonLine(way, context)}
      ${
        tunnelUrl === null
          ? undefined
          : html`<details>
              <summary>ssh<span class="sr"> to ${label}</span></summary>
              ${
                byPort
                  ? html`<p class="meta">Through the port, which asks for no sign-in:</p>
                      ${codeLine(sshLine(address, port), `ssh line of ${label}`)}`
                  : undefined
              }
              <p class="meta">Through HTTPS, with a ClearML token or an endpoint token:</p>
              ${codeLine(sshTunnelLine(tunnelUrl, id), `ssh line through HTTPS of ${label}`)}
            </details>`
      }
    </dd>
  </div>`;
}

function stateWord({ state }: ListedHttp | ListedTcp): Html {
  return html`<span class="state ${state}">${state}</span>`;
}

function reasonLine(
  { reason, failingSince }: ListedHttp | ListedTcp,
  { now }: RowContext,
): Html | undefined {
  if (reason === null) return undefined;
  const since =
    failingSince === null ? undefined : html` It first failed ${when(failingSince, now)}.`;
  return html`<p class="small">${sentence(reason)}${since}</p>`;
}

/** Reasons are written as the end of a sentence. */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1) + (text.endsWith('.') ? '' : '.');
}

/** An IPv6 address needs brackets beside a port. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
