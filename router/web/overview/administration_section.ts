import { FOR_WHOM } from '../../grammar/access_level.ts';
import { html, type Html } from '../parts/html.ts';
import type { ListedAdministration, Listing } from './listing.ts';
import { connectionsFact, othersFact } from './replica_words.ts';
import { when } from '../parts/times.ts';

/** What an administrator is shown of the router itself. */
export function administrationSection(
  administration: ListedAdministration,
  { endpointTokens, sharing }: Pick<Listing, 'endpointTokens' | 'sharing'>,
  routerName: string,
  now: number,
): Html {
  const { access, replica, others, connections, leader, clearml, routes, ports, problems } =
    administration;
  return html`<section aria-labelledby="router">
    <div class="bar"><h2 id="router">Router</h2></div>
    <dl class="panel ways facts">
      ${fact('Name', routerName)} ${fact('Problems', problemList(problems))}
      ${access === null ? undefined : fact('Access', accessFact(access))}
      ${fact('ClearML', clearmlFact(clearml, now))} ${fact('HTTP', stateCounts(routes.http))}
      ${fact('TCP', stateCounts(routes.tcp))} ${fact('TCP ports', portsFact(ports))}
      ${fact(
        'This replica',
        html`${replica.name}, version
        ${replica.version}${
          replica.startedAt === null ? undefined : html`, started ${when(replica.startedAt, now)}`
        }`,
      )}
      ${others === null ? undefined : fact('Other replicas', othersFact(others, now))}
      ${connections === null ? undefined : fact('Open connections', connectionsFact(connections))}
      ${endpointTokens ? fact('Endpoint tokens', html`<a href="/auth/endpoint-tokens?everybody=1">tokens and computers of everybody</a>`) : undefined}
      ${sharing ? fact('Sharing', html`<a href="/auth/sharing?everybody=1">what everybody shares</a>`) : undefined}
      ${fact('Leader', leaderFact(administration, leader))}
    </dl>
  </section>`;
}

function fact(name: string, value: Html | string): Html {
  return html`<div class="way">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

const DEFAULTS: typeof FOR_WHOM = {
  ...FOR_WHOM,
  people: 'its owner and those whom the owner names',
};

function accessFact({
  default: level,
  decidedBy,
  widest,
  holds,
}: NonNullable<ListedAdministration['access']>): Html {
  const why =
    decidedBy === 'setting'
      ? 'as ACCESS_DEFAULT says'
      : level === 'visible'
        ? 'since ACCESS_DEFAULT is not set, and this server keeps users apart'
        : 'since ACCESS_DEFAULT is not set, and this server shows every task to everybody';
  return html`<p>
      An endpoint that says nothing is for ${DEFAULTS[level]} (<code>${level}</code>), ${why}. The
      widest that an owner may give is <code>${widest}</code>.
    </p>
    ${
      holds
        ? undefined
        : html`<p class="small">
            <span class="refused">This does not hold against tasks:</span> whoever may start one can
            have it lead to the address of another’s, since addresses are not known to be those of
            tasks’ own pods. <code>VERIFY_TASK_PODS_STRICT</code> makes sure of that.
          </p>`
    }`;
}

function problemList(problems: readonly string[]): Html | string {
  if (problems.length === 0) return 'none';
  return html`<ul class="list">
    ${problems.map((text) => html`<li>${text}</li>`)}
  </ul>`;
}

function clearmlFact(
  { confirmedAt, error, lastFailure }: ListedAdministration['clearml'],
  now: number,
): Html {
  return html`<p>
      ${error === null ? html`<span class="open">answers</span>` : html`<span class="refused">does not answer:</span> ${error}`};
      ${confirmedAt === null ? 'no look has succeeded yet' : html`last look that succeeded ${when(confirmedAt, now)}`}
    </p>
    ${
      error !== null || lastFailure === null || lastFailure.at === null
        ? undefined
        : html`<p class="meta">
            Last failure ${when(lastFailure.at, now)}: ${lastFailure.message}
          </p>`
    }`;
}

function stateCounts(counts: ListedAdministration['routes']['http']): string {
  const { open, untried, failing, waiting, refused } = counts;
  const known = `${open - untried} open, ${untried} not tried yet, ${failing} without answer`;
  return `${known}, ${waiting} waiting, ${refused} refused`;
}

function portsFact(ports: ListedAdministration['ports']): string {
  if (ports === null) return 'off';
  const { start, end, used, left } = ports;
  return `${used} used, ${left} left of ${start} to ${end}`;
}

function leaderFact({ replica }: ListedAdministration, leader: string | null): Html | string {
  if (replica.leads) return 'this replica: it hands out ports and writes answers';
  return leader ?? 'nobody that this replica knows of';
}
