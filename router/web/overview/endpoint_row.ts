import { FOR_WHOM } from '../../grammar/access_level.ts';
import { commandLine, sshLine, sshTunnelLine } from '../parts/connect_lines.ts';
import { codeLine, linkLine } from '../parts/copy_line.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedEndpoint, ListedHttp, ListedTcp } from './listing.ts';
import { FAILURE_WORDS, stateWords } from './health_words.ts';
import { clockTime, durationText, when } from '../parts/times.ts';

/** What a row says beside the endpoint itself. */
export interface RowContext {
  readonly now: number;
  /** False where a replica does not tell what it saw. */
  readonly allSeen: boolean;
  /** The name by which the page's reader tells this endpoint from the others. */
  readonly label: string;
  /** Whether owner and queue are of interest. */
  readonly detailed: boolean;
  readonly endpointTokens: boolean;
  readonly sharing: boolean;
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
      <h4><bdi>${label}</bdi></h4>
      <p class="meta dots">
        ${task.project === null ? undefined : html`<bdi>${task.project}</bdi>`}
        <span>${task.type}</span>
        ${task.startedAt === null ? undefined : html`<span>started ${when(task.startedAt, now)}</span>`}
        ${
          endpoint.lastUsedAt === null
            ? html`<span>no traffic ${context.allSeen ? 'seen' : 'known'}</span>`
            : html`<span>used ${when(endpoint.lastUsedAt, now)}</span>`
        }
        ${idleLine(endpoint, now)}
        ${
          task.url === null
            ? undefined
            : html`<span
                ><a href="${task.url}" aria-label="${label} in ClearML">in ClearML</a></span
              >`
        }
      </p>
      ${accessLine(endpoint)} ${sharedLine(endpoint, now)}
      ${context.detailed ? ownerLine(endpoint) : undefined}
      <div class="acts">
        ${testForm(endpoint, label)} ${keepForm(endpoint, label)} ${tokensLink(endpoint, context)}
        ${shareLink(endpoint, context)} ${withdrawLink(endpoint, context)}
      </div>
      <output class="small"></output>
    </div>
    <dl class="ways">
      ${http === null ? undefined : httpWay(http, context)}
      ${tcp === null ? undefined : tcpWay(tcp, endpoint, context)}
    </dl>
  </li>`;
}

/** That it is going to be stopped; any use keeps it. */
function idleLine({ idle }: ListedEndpoint, now: number): Html | undefined {
  if (idle === null || idle.since === null || idle.stopsAt === null) return undefined;
  return html`<span
    >idle for ${durationText(idle.since, now)}, stops ${when(idle.stopsAt, now)} unless it is
    used</span
  >`;
}

/** Who may use it, in the words of whoever reads. */
function accessLine({ access, shared, sharedBy }: ListedEndpoint): Html | undefined {
  if (access === null) return undefined;
  const { level, by, unknown } = access;
  // With whom it is shared is said below.
  const alone = shared === null || (level !== 'owner' && !shared.everybody);
  const who = (by === 'owner' ? FOR_WHOM_OF_MINE : FOR_WHOM)[level];
  const says =
    sharedBy === null ? html`For ${who}` : html`<bdi>${sharedBy}</bdi> shares it with you`;
  return html`${alone ? html`<p class="meta">${says}.</p>` : undefined}
  ${
    unknown === null || by === 'level'
      ? undefined
      : html`<p class="small">
          The task says <code>router_access</code> “<bdi>${unknown}</bdi>”, which is no level: it
          counts as <code>owner</code>. Levels are <code>owner</code>, <code>people</code> and
          <code>visible</code>.
        </p>`
  }`;
}

const FOR_WHOM_OF_MINE: typeof FOR_WHOM = {
  ...FOR_WHOM,
  owner: 'you alone',
  people: 'you and those whom you named',
};

/** As many names as a row has room for. */
const NAMES_SHOWN = 3;

/** With whom its owner shares it, and since when. */
function sharedLine({ shared }: ListedEndpoint, now: number): Html | undefined {
  if (shared === null) return undefined;
  const { people, everybody, links, since } = shared;
  const more = people.length - NAMES_SHOWN;
  const names = [
    ...people.slice(0, NAMES_SHOWN),
    ...(more > 0 ? [`${more} more`] : []),
    ...(everybody ? ['everybody who may see the task'] : []),
    ...(links > 0
      ? [links === 1 ? 'whoever has a link' : `whoever has one of ${links} links`]
      : []),
  ];
  if (names.length === 0) return undefined;
  return html`<p class="meta">
    Shared with
    <bdi>${names.join(', ')}</bdi>${since === null ? undefined : html` since ${when(since, now)}`}
  </p>`;
}

function shareLink(
  { id, access }: ListedEndpoint,
  { sharing, label }: RowContext,
): Html | undefined {
  if (!sharing || access === null || access.by === 'level') return undefined;
  const url = `/auth/sharing?endpoint=${id}`;
  if (access.by === 'owner') {
    return html`<a class="button" href="${url}" aria-label="Share ${label}">Share</a>`;
  }
  return html`<a class="button" href="${url}" aria-label="Sharing of ${label}">Sharing</a>`;
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

/** Only where it would be stopped. */
function keepForm({ id, idle }: ListedEndpoint, label: string): Html | undefined {
  if (idle === null || idle.stopsAt === null) return undefined;
  return html`<form class="inline" method="post" action="/api/v1/endpoints/${id}/keep">
    <button aria-label="Keep ${label}">Keep</button>
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

/** For whose endpoint it is, and for whom their role lets in. */
function withdrawLink({ id, access }: ListedEndpoint, { label }: RowContext): Html | undefined {
  if (access === null || access.by === 'level') return undefined;
  const url = `/auth/ask/withdraw?endpoint=${id}`;
  return html`<a class="button" href="${url}" aria-label="Withdraw ${label}">Withdraw</a>`;
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

function tcpWay(way: ListedTcp, { id, access }: ListedEndpoint, context: RowContext): Html {
  const { address, port, noPort, tunnelUrl } = way;
  const { label } = context;
  const byPort = address !== null && port !== null;
  return html`<div class="way" data-way="tcp">
    <dt>TCP ${stateWord(way)}</dt>
    <dd>
      ${byPort ? codeLine(`${hostOf(address)}:${port}`, `TCP address of ${label}`) : undefined}
      ${
        byPort && access !== null && access.level !== 'visible'
          ? html`<p class="small">
              This port knows no sign-in: it is open to whoever reaches it, whoever the endpoint is
              for. The task itself has to ask for a key or a password.
            </p>`
          : undefined
      }
      ${
        byPort || tunnelUrl === null
          ? undefined
          : html`<p>No port of the range: through HTTPS alone.</p>
              ${noPort === null ? undefined : html`<p class="small">${sentence(noPort)}</p>`}`
      }
      ${reasonLine(way, context)}
      ${
        tunnelUrl === null
          ? undefined
          : html`<details>
              <summary>ssh<span class="sr"> to ${label}</span></summary>
              ${
                context.endpointTokens
                  ? html`<p class="meta">Through HTTPS, with the command:</p>
                      ${codeLine(commandLine(id), `task-router line of ${label}`)}`
                  : undefined
              }
              ${
                byPort
                  ? html`<p class="meta">Through the port, which asks for no sign-in:</p>
                      ${codeLine(sshLine(address, port), `ssh line of ${label}`)}`
                  : undefined
              }
              <p class="meta">Through HTTPS by websocat, with a token:</p>
              ${codeLine(sshTunnelLine(tunnelUrl, id), `ssh line through HTTPS of ${label}`)}
            </details>`
      }
    </dd>
  </div>`;
}

function stateWord(way: ListedHttp | ListedTcp): Html {
  const style = way.health?.state === 'unknown' ? '' : ` ${way.state}`;
  return html`<span class="state${style}">${stateWords(way)}</span>`;
}

function reasonLine(
  { reason, health }: ListedHttp | ListedTcp,
  { now }: RowContext,
): Html | undefined {
  if (reason === null) return undefined;
  const since =
    health === null || health.since === null || health.failure === null
      ? undefined
      : html`Does not answer since ${clockTime(health.since, now)}
        (${FAILURE_WORDS[health.failure]}). `;
  return html`<p class="small">${since}${sentence(reason)}</p>`;
}

/** Reasons are written as the end of a sentence. */
function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1) + (text.endsWith('.') ? '' : '.');
}

/** An IPv6 address needs brackets beside a port. */
function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
