import { html, type Html } from '../parts/html.ts';
import type { ListedAdministration } from './listing.ts';
import { when } from '../parts/times.ts';

/** What an administrator is shown of the router itself. */
export function administrationSection(
  administration: ListedAdministration,
  { routerName, endpointTokens }: { readonly routerName: string; readonly endpointTokens: boolean },
  now: number,
): Html {
  const { replica, leader, clearml, routes, ports, problems } = administration;
  return html`<section aria-labelledby="router">
    <div class="bar"><h2 id="router">Router</h2></div>
    <dl class="panel ways facts">
      ${fact('Name', routerName)} ${fact('Problems', problemList(problems))}
      ${fact('ClearML', clearmlFact(clearml, now))} ${fact('HTTP', stateCounts(routes.http))}
      ${fact('TCP', stateCounts(routes.tcp))} ${fact('TCP ports', portsFact(ports))}
      ${fact(
        'This replica',
        html`${replica.name}${
          replica.startedAt === null ? undefined : html`, started ${when(replica.startedAt, now)}`
        }`,
      )}
      ${endpointTokens ? fact('Endpoint tokens', html`<a href="/auth/endpoint-tokens?everybody=1">of everybody</a>`) : undefined}
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
  const { open, failing, waiting, refused } = counts;
  return `${open} open, ${failing} failing, ${waiting} waiting, ${refused} refused`;
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
